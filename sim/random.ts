import type { Random } from '../src/runtime/random.ts'
import { SeededRandom } from '../test/checkers/seeded-random.ts'

/** The randomness of a run. Neighbouring seeds begin far apart (Knuth's multiplicative hash). */
export class SimRandom extends SeededRandom implements Random {
  constructor(seed: number) {
    super((seed * 2_654_435_761) >>> 0)
  }

  /** Returns an integer n, 0 <= n < below. */
  int(below: number): number {
    return Math.floor(this.next() * below)
  }

  /** Returns a number x, from <= x < to. */
  between(from: number, to: number): number {
    return from + this.next() * (to - from)
  }

  id(bytes: number): string {
    return Array.from({ length: bytes }, () => this.int(256).toString(16).padStart(2, '0')).join('')
  }
}
