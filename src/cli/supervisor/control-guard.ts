import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Says why a request is refused. */
export interface Refusal {
  readonly status: number
  readonly message: string
}

export interface ControlGuardOptions {
  /** Returns the port that the server listens on. */
  readonly port: () => number
  /** The one origin whose pages may ask: that of the front end. */
  readonly origin: string
  readonly token: string
}

/**
 * Decides who may control the processes. Any program of this machine reaches the port, and so does any page that somebody
 * opens in a browser here.
 *
 * V1. Only a request that was sent to a loopback name with this port is answered. A foreign name that was made to lead here (DNS
 * rebinding) is not.
 * V2. A page of another origin than the front end's is refused, and its browser is not told that it may read an answer.
 * V3. Everything but a browser's question in advance needs the token, which is compared in a time that does not depend on it.
 */
export class ControlGuard {
  readonly #options: ControlGuardOptions

  constructor(options: ControlGuardOptions) {
    this.#options = options
  }

  /** Returns why nobody may ask like this, or undefined. Does not look at the token. */
  refusal({ headers }: IncomingMessage): Refusal | undefined {
    const port = this.#options.port()
    const names = ['127.0.0.1', 'localhost'].map((host) => `${host}:${port}`)
    if (!names.includes(headers.host ?? '')) return { status: 403, message: `this port answers requests to ${names.join(' and ')} only` } // V1
    const { origin } = headers
    if (origin === undefined || origin === this.#options.origin) return undefined
    return { status: 403, message: `pages of ${this.#options.origin} alone may ask here` } // V2
  }

  /** Says whether the request carries the token. */
  isAuthorized({ headers }: IncomingMessage): boolean {
    const [, given = ''] = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '') ?? []
    return isSame(given, this.#options.token) // V3
  }

  /** Returns the headers that let a page of the front end read the answer. */
  headersFor({ headers }: IncomingMessage): Readonly<Record<string, string>> {
    const { origin } = this.#options
    return { vary: 'Origin', ...(headers.origin === origin && { 'access-control-allow-origin': origin }) }
  }
}

/** Compares two texts. The time that it takes tells nothing about either. */
export const isSame = (one: string, other: string): boolean => timingSafeEqual(digestOf(one), digestOf(other))

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()
