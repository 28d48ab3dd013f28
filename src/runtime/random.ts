import { randomBytes } from 'node:crypto'

/** The only source of randomness. */
export interface Random {
  /** A new identifier, `bytes` random bytes in hexadecimal. */
  id(bytes: number): string
}

/** The machine's randomness. */
export const systemRandom: Random = {
  id: (bytes) => randomBytes(bytes).toString('hex'),
}
