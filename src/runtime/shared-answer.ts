/**
 * One question that many ask. It is under way once at a time, however many askers there are. Whoever asks meanwhile gets the
 * answer of the next round. So an answer is never older than the request for it.
 */
export class SharedAnswer<T> {
  readonly #ask: () => Promise<T>
  #underWay: Promise<T> | undefined
  #next: Promise<T> | undefined

  constructor(ask: () => Promise<T>) {
    this.#ask = ask
  }

  /** Resolves with the answer to a question that is asked from now on. Rejects as the question does. */
  get(): Promise<T> {
    if (!this.#underWay) return this.#begin()
    const begin = () => this.#begin()
    this.#next ??= this.#underWay.then(begin, begin)
    return this.#next
  }

  #begin(): Promise<T> {
    this.#next = undefined
    const answer = this.#ask().finally(() => {
      if (this.#underWay === answer && !this.#next) this.#underWay = undefined
    })
    this.#underWay = answer
    return answer
  }
}
