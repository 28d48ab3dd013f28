import { createServer, METHODS, STATUS_CODES, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { HTTPMethods } from 'fastify'
import { systemClock } from './clock.ts'
import type { Asker } from './gate.ts'
import { ParkedConnections } from './parked-connections.ts'
import { readPlainRequest, type PlainRequest } from './plain-request.ts'

/** Those that ask for something: CONNECT would make a tunnel of its connection. */
export const REQUEST_METHODS = METHODS.filter((method) => method !== 'CONNECT') as readonly HTTPMethods[]

/** What a route answers. */
export interface JsonAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/** Routes that are answered without the framework, which would take as long for one as everything else does. */
export interface DirectRoutes {
  readonly bodyBytesMax: number
  /**
   * The answer, at once if it is at hand; undefined leaves the request to the framework. Neither throws nor rejects. A
   * connection that is told 503 at once is not read for a moment.
   */
  answer(request: PlainRequest, asker: Asker): JsonAnswer | Promise<JsonAnswer> | undefined
}

const NO_ROOM = 503
/** Node has it since 24.6. */
const KEEP_ALIVE_BUFFER_DEFAULT_MS = 1_000

/** A server with direct routes; `others` takes the rest. */
export function serverWithDirectRoutes(routes: DirectRoutes, others: RequestListener): Server {
  const server = createServer({ requireHostHeader: false }, others)
  server.on('checkExpectation', others)
  const parked = new ParkedConnections(systemClock)
  const direct = new Set<DirectConnection>()
  // What node:http does with a connection; from here on only with those that are left to it.
  const [leaveToNode] = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const connection = new DirectConnection(socket, routes, server, parked)
    direct.add(connection)
    connection.onDone = (isLeft) => {
      direct.delete(connection)
      if (isLeft) leaveToNode?.call(server, socket)
    }
  })
  const closeUsualIdle = server.closeIdleConnections.bind(server)
  server.closeIdleConnections = () => {
    closeUsualIdle()
    for (const connection of direct) connection.endSoon()
  }
  return server.on('close', () => parked.close())
}

/**
 * A connection whose requests are read right from the socket, one after the other, as long as all of them are plain and
 * have direct routes. With the first other one it is left to node:http for good.
 */
class DirectConnection implements Asker {
  /** Called once: it is left to node:http, or over. */
  onDone: (isLeft: boolean) => void = () => {}
  readonly #socket: Socket
  readonly #routes: DirectRoutes
  readonly #keepAliveMs: number
  readonly #parked: ParkedConnections
  /** What arrived and could not be answered yet: a part of a request, or what was sent before the last answer. */
  #held: Buffer | undefined
  /** How many bytes the request has that is held in part; 0 when none is. */
  #wanted = 0
  #isAnswering = false
  #isLast = false

  constructor(socket: Socket, routes: DirectRoutes, server: Server, parked: ParkedConnections) {
    this.#socket = socket
    this.#routes = routes
    this.#keepAliveMs = server.keepAliveTimeout
    this.#parked = parked
    // Longer than the client is told: what it sends in the last moment still finds an open connection.
    socket.setTimeout(server.keepAliveTimeout + (server.keepAliveTimeoutBuffer ?? KEEP_ALIVE_BUFFER_DEFAULT_MS))
    socket.on('data', this.#receive).on('end', this.#end).on('timeout', this.#expire)
    socket.on('error', this.#fail).on('close', this.#finish)
  }

  /** A client that has ended its side gets the answer that is under way, but none that would have to be waited for. */
  get isGone(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded
  }

  /** Answers the request that is under way, even one that has arrived only in part, then ends. */
  endSoon(): void {
    this.#isLast = true
    if (!this.#isAnswering && !this.#held) this.#socket.destroySoon()
  }

  readonly #receive = (chunk: Buffer): void => {
    if (this.#isLast && !this.#held) return
    const bytes = this.#held ? Buffer.concat([this.#held, chunk]) : chunk
    this.#held = undefined
    if (this.#isAnswering) {
      this.#held = bytes
      this.#socket.pause()
    } else if (bytes.length < this.#wanted) this.#held = bytes
    else this.#take(bytes)
  }

  #take(bytes: Buffer): void {
    const request = readPlainRequest(bytes, this.#routes.bodyBytesMax)
    this.#wanted = typeof request === 'number' ? request : 0
    if (typeof request === 'number') {
      this.#held = bytes
      return
    }
    // Who does not read answers gets no more of them here: node:http knows how to wait for that.
    if (request === 'unusual' || this.#socket.writableLength > 0) return this.#leave(bytes)
    const answer = this.#routes.answer(request, this)
    if (!answer) return this.#leave(bytes)
    if (answer instanceof Promise) {
      this.#isAnswering = true
      void answer.then((settled) => this.#send(settled))
      return
    }
    this.#send(answer)
    if (answer.status === NO_ROOM) this.#parked.park(this.#socket)
  }

  #send(answer: JsonAnswer): void {
    this.#isAnswering = false
    if (this.#socket.destroyed) return
    const { text, encoding } = written(answer, this.#isLast ? undefined : this.#keepAliveMs)
    this.#socket.write(text, encoding)
    if (this.#isLast) {
      this.#held = undefined
      this.#socket.destroySoon()
    } else if (this.#held) {
      const next = this.#held
      this.#held = undefined
      this.#socket.resume()
      this.#take(next)
    }
  }

  #leave(bytes: Buffer): void {
    const socket = this.#socket
    socket.setTimeout(0)
    socket.off('data', this.#receive).off('end', this.#end).off('timeout', this.#expire)
    socket.off('error', this.#fail).off('close', this.#finish)
    socket.unshift(bytes)
    this.onDone(true)
  }

  /** What has arrived only in part stays so. */
  readonly #end = (): void => {
    this.#held = undefined
    this.endSoon()
  }

  /** Nothing was sent for long. An order is answered long before. */
  readonly #expire = (): void => void this.#socket.destroy()

  /** A client that went away; "close" follows. */
  readonly #fail = (): void => {}

  readonly #finish = (): void => this.onDone(false)
}

/** An answer as it goes over the wire; the connection stays open for `keepAliveMs`, or ends when that is undefined. */
export function written({ status, headers, body }: JsonAnswer, keepAliveMs: number | undefined): { text: string; encoding: 'latin1' | 'utf8' } {
  const json = JSON.stringify(body)
  const bytes = Buffer.byteLength(json)
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`
  head += `content-type: application/json; charset=utf-8\r\ncontent-length: ${bytes}\r\nDate: ${date()}\r\n`
  const ending = keepAliveMs === undefined ? 'Connection: close' : `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}`
  // With characters of one byte each, the short way into the kernel.
  return { text: `${head}${ending}\r\n\r\n${json}`, encoding: bytes === json.length ? 'latin1' : 'utf8' }
}

let dateSecond = 0
let dateText = ''

/** Now, as a header has it; made once a second. */
function date(): string {
  const second = Math.floor(systemClock.wallMs() / 1_000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1_000).toUTCString()
  }
  return dateText
}
