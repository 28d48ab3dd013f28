import { Agent, get } from 'node:http'
import { parseJson } from '../domain/text.ts'
import { splitAddress } from './address.ts'
import { afterAwake, systemClock } from './clock.ts'
import { HTTP_PARSER } from './http-parser.ts'
import { dropIdle, IDLE_CONNECTION_MS } from './kept-connections.ts'

/** By name, in lower case. */
export type HttpHeaders = Readonly<Record<string, string>>

export interface HttpAnswer {
  readonly status: number
  readonly headers: HttpHeaders
  /** Parsed JSON, or undefined when the body is not JSON. */
  readonly body: unknown
}

const agent = new Agent({ keepAlive: true, maxSockets: 8, timeout: IDLE_CONNECTION_MS })
const BODY_BYTES_MAX = 1024 * 1024

/** One HTTP GET over kept-alive connections. Rejects when there is no whole answer within `patienceMs`. */
export function httpGet(address: string, path: string, patienceMs: number, headers: HttpHeaders = {}): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    // Throws, and so rejects, when the address is none.
    const request = get(`http://${address}${path}`, { ...HTTP_PARSER, agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > BODY_BYTES_MAX) request.destroy(new Error(`${address} answered with more than 1 MiB`))
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers as HttpHeaders, body: parseJson(text) }),
      )
    })
    // Not a signal of the request's: one that still waits for a free connection would not hear it.
    const timer = afterAwake(systemClock, patienceMs, () => {
      reject(new Error(`${address} did not answer within ${patienceMs} ms`))
      request.destroy()
      dropIdle(agent, splitAddress(address))
    })
    request.on('error', reject)
    request.on('close', () => timer.cancel())
  })
}
