/** A started service of any kind. */
export interface Service {
  /** Stops taking work, finishes running work for at most `graceMs`, and releases every resource. */
  close(graceMs: number): Promise<void>
}
