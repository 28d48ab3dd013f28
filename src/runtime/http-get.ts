import { Agent } from 'node:http'
import { parseJson } from '../domain/text.ts'
import { isAddress, splitAddress } from './address.ts'
import { systemClock } from './clock.ts'
import { exchange } from './http-exchange.ts'
import { IDLE_CONNECTION_MS } from './kept-connections.ts'

/** The values of headers, by name in lower case. */
export type HttpHeaders = Readonly<Record<string, string>>

export interface HttpAnswer {
  readonly status: number
  readonly headers: HttpHeaders
  /** Parsed JSON, or undefined when the body is not JSON. */
  readonly body: unknown
}

const agent = new Agent({ keepAlive: true, maxSockets: 8, timeout: IDLE_CONNECTION_MS })
const ANSWER_LENGTH_MAX = 1024 * 1024

/** Makes one HTTP GET over kept connections. Rejects when the address is none, or no whole answer comes within `patienceMs`. */
export async function httpGet(address: string, path: string, patienceMs: number, headers: HttpHeaders = {}): Promise<HttpAnswer> {
  if (!isAddress(address)) throw new Error(`"${address}" is no address, which is host:port`)
  const target = { ...splitAddress(address), agent, clock: systemClock, timeoutMs: patienceMs, answerLengthMax: ANSWER_LENGTH_MAX }
  const result = await exchange(target, { method: 'GET', path, headers })
  if (result.kind === 'failed') throw new Error(`${address}: ${result.cause}`)
  return { status: result.status, headers: result.headers as HttpHeaders, body: parseJson(result.text) }
}
