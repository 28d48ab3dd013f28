/**
 * One question that many ask. Whoever asks while it is under way gets the next answer, which is asked for after that: none
 * is ever older than its asker, and it is asked once at a time, however many there are.
 */
export class SharedAnswer<T> {
  readonly #ask: () => Promise<T>
  #underWay: Promise<T> | undefined
  #next: Promise<T> | undefined

  constructor(ask: () => Promise<T>) {
    this.#ask = ask
  }

  /** The next answer that is asked for from now on. Rejects as the question does. */
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
