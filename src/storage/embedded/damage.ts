/** What a file holds is not what was written to it. Becomes a `StorageFailure` that names the file. */
export class Damage extends Error {
  override readonly name = 'Damage'
}
