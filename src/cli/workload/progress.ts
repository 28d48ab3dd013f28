const WIDTH = 30
const ERASE_LINE = '\r\u001b[K'

/** A bar on one line of a terminal. Nothing is written when the stream is no terminal. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream
  readonly #shown: boolean
  #what = ''
  #total = 0
  #done = 0
  #drawn = -1

  constructor(stream: NodeJS.WriteStream, wanted: boolean) {
    this.#stream = stream
    this.#shown = wanted && stream.isTTY
  }

  begin(what: string, total: number): void {
    this.#what = what
    this.#total = total
    this.#done = 0
    this.#drawn = -1
  }

  advance(): void {
    this.#done += 1
    const percent = Math.floor((100 * this.#done) / Math.max(1, this.#total))
    if (!this.#shown || percent === this.#drawn) return
    this.#drawn = percent
    const filled = Math.floor((WIDTH * percent) / 100)
    const bar = '#'.repeat(filled).padEnd(WIDTH, '.')
    this.#stream.write(`${ERASE_LINE}${this.#what} [${bar}] ${this.#done}/${this.#total}`)
  }

  clear(): void {
    if (this.#shown) this.#stream.write(ERASE_LINE)
  }
}
