import type { ServerResponse } from 'node:http'
import { systemRandom } from '../../runtime/random.ts'
import type { Clock } from '../../runtime/clock.ts'
import { isSame } from './control-guard.ts'

/** How long a browser may take from its start to its first request. */
const VISIT_WITHIN_MS = 60_000
const CODE_BYTES = 16

/**
 * Leads a browser that `up` has opened to the front end's page. The page's address holds the token, and everybody on this
 * machine can read the arguments of a program. So the browser is given an address that works once, and for a minute.
 */
export class LandingPage {
  readonly #clock: Clock
  readonly #target: () => string
  #visit: { readonly code: string; readonly untilMs: number } | undefined

  constructor(clock: Clock, target: () => string) {
    this.#clock = clock
    this.#target = target
  }

  /** Returns the path that leads to the page for the next one who asks for it. */
  openOnce(): string {
    const code = systemRandom.id(CODE_BYTES)
    this.#visit = { code, untilMs: this.#clock.monotonicMs() + VISIT_WITHIN_MS }
    return `/open/${code}`
  }

  /** Answers a request for such a path. Returns false when the path is another one. */
  answer(path: string, response: ServerResponse): boolean {
    const [, given] = /^\/open\/([0-9a-f]+)$/.exec(path) ?? []
    if (given === undefined) return false
    const visit = this.#visit
    const headers = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'content-type': 'text/plain' }
    if (!visit || !isSame(given, visit.code) || this.#clock.monotonicMs() > visit.untilMs) {
      response.writeHead(410, headers).end('This address worked once. `bazaar up` has printed the address of the page.\n')
      return true
    }
    this.#visit = undefined
    response.writeHead(302, { ...headers, location: this.#target() }).end()
    return true
  }
}
