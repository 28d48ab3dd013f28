import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { parseJson } from '../../domain/text.ts'
import { CONTROL_ACTIONS, CONTROL_FOR_MS_MAX, type ControlAction, type ProcessListData } from '../../http/control.ts'
import type { Clock } from '../../runtime/clock.ts'
import { ConnectionRoom } from '../../runtime/connection-room.ts'
import { HTTP_PARSER } from '../../runtime/http-parser.ts'
import { wordsOf } from '../failure.ts'
import { ControlGuard } from './control-guard.ts'
import { EventReaders } from './event-readers.ts'
import type { ProcessEvent } from './kept-process.ts'
import { LandingPage } from './landing-page.ts'
import type { ProcessControl } from './process-control.ts'
import { eventsOf } from './process-events.ts'

const CONTROL_HOST = '127.0.0.1'
const CONTROL_BODY_BYTES_MAX = 1_024
const CONTROL_CONNECTIONS_MAX = 64
/** How long a request may take to arrive. */
const ARRIVES_WITHIN_MS = 10_000
/** How often requests that are late are looked for. */
const LATE_LOOK_EVERY_MS = 1_000
const IDLE_CONTROL_CONNECTION_MS = 5_000
/** How long a browser may remember that a page may ask. */
const ANSWER_IN_ADVANCE_SECONDS = 600

export interface ControlServerOptions {
  readonly clock: Clock
  readonly token: string
  /** "http://host:port" of the front end. Its page alone may ask from a browser. */
  readonly origin: string
}

/** An answer: a value, or words of refusal. */
type Answer =
  | { readonly status: 200; readonly data: object }
  | {
      readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 500
      readonly message: string
      readonly headers?: Record<string, string>
    }

/**
 * Lets others control the processes of this supervisor over HTTP, at a loopback port of its own. So control survives the death
 * of everything else. `src/http/control.ts` has the shapes, control-guard.ts decides who may ask.
 */
export class ControlServer {
  readonly #options: ControlServerOptions
  readonly #guard: ControlGuard
  readonly #readers: EventReaders
  readonly #server: Server
  readonly #landing: LandingPage
  #control: ProcessControl | undefined

  constructor(options: ControlServerOptions) {
    this.#options = options
    const { clock, token, origin } = options
    this.#guard = new ControlGuard({ port: () => this.#port, origin, token })
    this.#readers = new EventReaders(clock, () => this.#control?.look())
    this.#landing = new LandingPage(clock, () => this.url)
    const times = { requestTimeout: ARRIVES_WITHIN_MS, headersTimeout: ARRIVES_WITHIN_MS, keepAliveTimeout: IDLE_CONTROL_CONNECTION_MS }
    this.#server = createServer({ ...HTTP_PARSER, ...times, connectionsCheckingInterval: LATE_LOOK_EVERY_MS }, this.#take)
    const room = new ConnectionRoom(clock, CONTROL_CONNECTIONS_MAX)
    this.#server.on('connection', (socket: Socket) => room.add(socket))
  }

  /** The secret that a request has to carry. */
  get token(): string {
    return this.#options.token
  }

  /** Listens on a free port. Rejects when there is none. */
  async listen(): Promise<void> {
    this.#server.listen({ host: CONTROL_HOST, port: 0 })
    await once(this.#server, 'listening')
  }

  /** Hands over the processes to control. Call it before the first request can have come: in the turn in which {@link listen} resolves. */
  serve(control: ProcessControl): void {
    this.#control = control
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  /** "host:port" that it listens on. */
  get address(): string {
    return `${CONTROL_HOST}:${this.#port}`
  }

  /** The address of the front end's page, with all that the page needs for control behind the `#`, which no server gets to see. */
  get url(): string {
    return `${this.#options.origin}/#token=${this.#options.token}&control=${this.address}`
  }

  /** Returns an address that leads to {@link url} once, and holds no token. */
  urlForOnce(): string {
    return `http://${this.address}${this.#landing.openOnce()}`
  }

  /** Tells those who read events what happened to a process. */
  tell(event: ProcessEvent): void {
    for (const each of eventsOf(event, this.#options.clock.wallMs())) this.#readers.tell(each)
  }

  /** Ends all connections, and listens no more. */
  close(): void {
    this.#readers.close()
    this.#server.close()
    this.#server.closeAllConnections()
  }

  readonly #take = (request: IncomingMessage, response: ServerResponse): void => {
    this.#answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) this.#send(request, response, { status: 500, message: `internal error: ${wordsOf(error)}` })
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#guard.refusal(request)
    if (refusal) return this.#send(request, response, { status: 403, message: refusal.message })
    if (request.method === 'OPTIONS') return this.#answerInAdvance(request, response)
    const path = request.url ?? ''
    if (request.method === 'GET' && this.#landing.answer(path, response)) return
    if (!this.#guard.isAuthorized(request)) {
      const headers = { 'www-authenticate': 'Bearer' }
      return this.#send(request, response, { status: 401, message: 'the token is missing or wrong', headers })
    }
    if (path === '/events' && request.method === 'GET') return this.#read(request, response)
    this.#send(request, response, await this.#carryOut(request, path))
  }

  /** Tells a browser that the front end's page may ask, and how. */
  #answerInAdvance(request: IncomingMessage, response: ServerResponse): void {
    const allowed = {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-allow-private-network': 'true',
      'access-control-max-age': `${ANSWER_IN_ADVANCE_SECONDS}`,
    }
    const isPage = request.headers.origin !== undefined
    response.writeHead(204, { ...this.#guard.headersFor(request), ...(isPage && allowed) }).end()
  }

  #read(request: IncomingMessage, response: ServerResponse): void {
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
    response.writeHead(200, { ...this.#guard.headersFor(request), ...headers })
    this.#readers.add(response)
  }

  async #carryOut(request: IncomingMessage, path: string): Promise<Answer> {
    if (path === '/processes' && request.method === 'GET') {
      const data: ProcessListData = { processes: this.#controlled.states() }
      return { status: 200, data }
    }
    if (path === '/processes' || path === '/events') return wrongMethod('GET')
    const [, name = '', action] = /^\/processes\/([^/?]+)\/([^/?]+)$/.exec(path) ?? []
    const target = decoded(name)
    if (target === undefined || !isAction(action)) return { status: 404, message: 'no such path; docs/api.md has all of them' }
    if (request.method !== 'POST') return wrongMethod('POST')
    const body = await bodyOf(request)
    if (body === 'too large') return { status: 413, message: `the body is larger than ${CONTROL_BODY_BYTES_MAX} bytes` }
    if (body !== '' && !isJson(request)) return { status: 415, message: 'the body must be of the type application/json' }
    const wish = forMsIn(body, action)
    if (typeof wish === 'string') return { status: 400, message: wish }
    const outcome = await this.#controlled.carryOut(target, action, wish.forMs)
    return outcome.kind === 'done' ? { status: 200, data: outcome.data } : outcome
  }

  get #controlled(): ProcessControl {
    if (!this.#control) throw new Error('there are no processes yet')
    return this.#control
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    const { status } = answer
    const body = 'data' in answer ? { data: answer.data } : { error: { code: status, message: answer.message } }
    const further = 'data' in answer ? {} : answer.headers
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
    response.writeHead(status, { ...this.#guard.headersFor(request), ...headers, ...further }).end(JSON.stringify(body))
  }
}

const wrongMethod = (allow: string): Answer => ({
  status: 405,
  message: `this path takes ${allow} only`,
  headers: { allow },
})

/** Decodes a part of a path. Returns undefined for one that is empty or wrongly encoded. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part) || undefined
  } catch {
    return undefined
  }
}

const isAction = (text: string | undefined): text is ControlAction => CONTROL_ACTIONS.some((each) => each === text)

const isJson = ({ headers }: IncomingMessage): boolean => /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')

/** Reads the body. A body that is too large is told at once; what follows of it is thrown away. */
function bodyOf(request: IncomingMessage): Promise<string | 'too large'> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let bytes = 0
    request.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes > CONTROL_BODY_BYTES_MAX) resolve('too large')
      else pieces.push(piece)
    })
    request.once('end', () => resolve(Buffer.concat(pieces).toString('utf8')))
    request.once('error', reject)
  })
}

/** Returns the `forMs` of a body, or says what is wrong with it. */
function forMsIn(body: string, action: ControlAction): { readonly forMs?: number } | string {
  const wish: unknown = body === '' ? {} : parseJson(body)
  if (typeof wish !== 'object' || wish === null || Array.isArray(wish)) return 'the body must be a JSON object'
  const { forMs } = wish as { forMs?: unknown }
  if (forMs === undefined) return {}
  if (action !== 'kill' && action !== 'pause') return `forMs goes with kill and pause, not with ${action}`
  if (typeof forMs === 'number' && Number.isInteger(forMs) && forMs >= 1 && forMs <= CONTROL_FOR_MS_MAX) return { forMs }
  return `forMs must be an integer from 1 to ${CONTROL_FOR_MS_MAX}`
}
