/** The faults done to a system and its reactions, line by line, with times. */
export class Transcript {
  readonly lines: string[] = []
  readonly #startMs = performance.now()

  tell(line: string): void {
    this.lines.push(`${this.nowMs().toFixed(0).padStart(6)} ms  ${line}`)
  }

  /** Milliseconds since the transcript began. */
  nowMs(): number {
    return performance.now() - this.#startMs
  }
}
