import { Agent } from 'node:http'
import { exchange, type Exchange } from '../../src/runtime/http-exchange.ts'
import { splitAddress } from '../../src/runtime/address.ts'
import { systemClock } from '../../src/runtime/clock.ts'

const TIMEOUT_MS = 30_000

/** Makes one HTTP request to any of the systems, over a connection of its own. @throws Error when there is no answer. */
export async function askOnce(address: string, request: Exchange): Promise<{ readonly status: number; readonly text: string }> {
  const agent = new Agent({ keepAlive: false })
  const result = await exchange({ ...splitAddress(address), agent, clock: systemClock, timeoutMs: TIMEOUT_MS }, request)
  if (result.kind === 'failed') throw new Error(`${address} does not answer: ${result.cause}`)
  return result
}
