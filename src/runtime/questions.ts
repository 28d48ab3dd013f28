import { afterAwake, type Clock } from './clock.ts'

/** Questions on a stream, each under a number that its answer repeats. Each ends with an answer, a timeout or the stream. */
export class Questions<Answer> {
  readonly #clock: Clock
  readonly #open = new Map<number, (answer: Answer | undefined) => void>()
  #last = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many questions have no answer yet. */
  get open(): number {
    return this.#open.size
  }

  /** Asks by calling `send`. Resolves with undefined when no answer comes within `patienceMs`, or when the stream ends. */
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

  /** Takes an answer. An answer that comes too late is dropped. */
  answered(question: number, answer: Answer | undefined): void {
    this.#open.get(question)?.(answer)
  }

  /** Ends all questions, since the stream is over. */
  giveUp(): void {
    for (const settle of [...this.#open.values()]) settle(undefined)
  }
}
