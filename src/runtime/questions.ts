import { afterAwake, type Clock } from './clock.ts'

/** Questions on a stream, each under a number that its answer names. Every one ends: answered, in time given up, or with the stream. */
export class Questions<Answer> {
  readonly #clock: Clock
  readonly #open = new Map<number, (answer: Answer | undefined) => void>()
  #last = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Asks by `send`; undefined when no answer comes within `patienceMs`, or none can come any more. */
  ask(send: (question: number) => void, patienceMs: number): Promise<Answer | undefined> {
    const question = ++this.#last
    send(question)
    return new Promise((resolve) => {
      const timer = afterAwake(this.#clock, patienceMs, () => this.answered(question, undefined))
      this.#open.set(question, (answer) => {
        timer.cancel()
        this.#open.delete(question)
        resolve(answer)
      })
    })
  }

  /** Nobody waits for an answer that comes too late. */
  answered(question: number, answer: Answer | undefined): void {
    this.#open.get(question)?.(answer)
  }

  /** The stream is over. */
  giveUp(): void {
    for (const settle of [...this.#open.values()]) settle(undefined)
  }
}
