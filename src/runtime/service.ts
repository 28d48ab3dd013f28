/** A started service of any kind. */
export interface Service {
  /** Stops taking work, finishes what is under way for at most `graceMs`, and lets go of every resource. */
  close(graceMs: number): Promise<void>
}
