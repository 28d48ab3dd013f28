import { Agent } from 'node:http'
import { splitAddress } from '../runtime/address.ts'
import { systemClock } from '../runtime/clock.ts'
import { exchange, type Exchange } from '../runtime/http-exchange.ts'
import { readValue, type Answer } from './answers.ts'
import type { ControlAction, ControlledData, ProcessListData } from './control.ts'

/** Longer than it takes to ask who leads, and to stop a process. */
const CONTROL_ANSWER_MS = 10_000

/** A client of the control port of `bazaar up`. Nothing is repeated. */
export class ControlClient {
  readonly #address: string
  readonly #token: string
  readonly #agent = new Agent({ keepAlive: true })

  /** Asks the port at "host:port". */
  constructor(address: string, token: string) {
    this.#address = address
    this.#token = token
  }

  processes(): Promise<Answer<ProcessListData>> {
    return this.#ask({ method: 'GET', path: '/processes' })
  }

  /** Does something to the process of that name, or to `leader`, `random` or `all`; a kill or a pause for `forMs`. */
  carryOut(target: string, action: ControlAction, forMs?: number): Promise<Answer<ControlledData>> {
    const body = JSON.stringify({ forMs })
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    return this.#ask({ method: 'POST', path: `/processes/${encodeURIComponent(target)}/${action}`, headers, body })
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy()
  }

  async #ask<T>(request: Exchange): Promise<Answer<T>> {
    const target = { ...splitAddress(this.#address), agent: this.#agent, clock: systemClock, timeoutMs: CONTROL_ANSWER_MS }
    const headers = { ...request.headers, authorization: `Bearer ${this.#token}` }
    const attempt = readValue<T>(await exchange(target, { ...request, headers }))
    return attempt.kind === 'unknown' ? { kind: 'unknown', cause: attempt.cause } : attempt
  }
}
