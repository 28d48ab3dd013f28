import { randomBytes } from 'node:crypto'

/** The only source of randomness. */
export interface Random {
  /** Returns a new identifier: `bytes` random bytes in hexadecimal. */
  id(bytes: number): string
}

/** Random bytes that one call takes from the machine. A call by itself costs as much as a thousand bytes. */
const STOCK_BYTES = 4_096

let stock = Buffer.alloc(0)
let used = 0

/** The machine's randomness. */
export const systemRandom: Random = {
  id: (bytes) => {
    if (used + bytes > stock.length) {
      stock = randomBytes(Math.max(STOCK_BYTES, bytes))
      used = 0
    }
    used += bytes
    return stock.toString('hex', used - bytes, used)
  },
}
