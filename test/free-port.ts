import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Ports below those that systems take for outgoing connections. */
const PORTS = { from: 20_000, below: 32_000 }
/** The last ports that were given out. Their users may not have opened them yet. */
const given: number[] = []
const GIVEN_MAX = 1_000

/**
 * Returns a port on loopback that nobody holds at the moment, and another one each time. No outgoing connection can take it
 * either. A connection to a port in their range, where nobody listens, may get that very port, and then reaches itself for good.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.below)
    if (given.includes(port)) continue
    if (given.push(port) > GIVEN_MAX) given.shift()
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}
