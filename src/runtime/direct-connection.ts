import { createServer, METHODS, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HTTPMethods } from 'fastify'
import { LIMITS } from '../domain/limits.ts'
import { systemClock } from './clock.ts'
import type { Asker } from './gate.ts'
import { written, type JsonAnswer } from './json-answer.ts'
import { LateRequests, type ArrivingRequest } from './late-requests.ts'
import { HTTP_PARSER } from './http-parser.ts'
import { endLingering } from './lingering.ts'
import { ParkedConnections } from './parked-connections.ts'
import { readPlainRequest, type PlainRequest } from './plain-request.ts'
import { RequestsInTurn } from './requests-in-turn.ts'

/** The methods that a request may have. CONNECT is left out, because it would turn the connection into a tunnel. */
export const REQUEST_METHODS = METHODS.filter((method) => method !== 'CONNECT') as readonly HTTPMethods[]

/** Routes that are answered without the framework, which would take as long for a request as all other work on it. */
export interface DirectRoutes {
  readonly bodyBytesMax: number
  /**
   * Answers a request, at once if possible. Returns undefined to leave the request to the framework. Neither throws nor
   * rejects. A connection that gets a 503 at once is not read for a moment.
   */
  answer(request: PlainRequest, asker: Asker): JsonAnswer | Promise<JsonAnswer> | undefined
}

/** Handling of the requests that no direct route answers. */
export interface OtherRequests {
  /** Carries out a request. Called for one request of each connection at a time. */
  readonly carryOut: RequestListener
  /** Returns the answer to input that is no request. `code` is node:http's code, or "CONNECT". The connection ends with the answer. */
  readonly answerToBroken: (code: string) => JsonAnswer
}

const NO_ROOM = 503
/** The default of `keepAliveTimeoutBuffer`, which Node has since 24.6. */
const KEEP_ALIVE_BUFFER_DEFAULT_MS = 1_000
/** How often node:http looks for requests that are late. */
const LATE_CHECK_MS = 1_000
const LATE = 'ERR_HTTP_REQUEST_TIMEOUT'
const CUT = 'HPE_INVALID_EOF_STATE'

/** Returns a server with direct routes. `others` handles the rest. */
export function serverWithDirectRoutes(routes: DirectRoutes, others: OtherRequests): Server {
  const server = createServer({ ...HTTP_PARSER, requireHostHeader: false, connectionsCheckingInterval: LATE_CHECK_MS })
  // A client that has ended its side still gets its answers.
  Object.assign(server, { httpAllowHalfOpen: true })
  const parked = new ParkedConnections(systemClock)
  const late = new LateRequests(systemClock, () => server.requestTimeout)
  inTurn(server, routes.bodyBytesMax, late, others)
  const direct = new Set<DirectConnection>()
  // This listener is node:http's own way to handle a connection. It is now called only for connections that are left to it.
  const [leaveToNode] = server.listeners('connection')
  server.removeAllListeners('connection')
  const shared: Shared = {
    ...{ routes, server, parked, late },
    answerToLate: others.answerToBroken(LATE),
    answerToCut: others.answerToBroken(CUT),
    over: (connection) => void direct.delete(connection),
    left: (connection, socket) => {
      direct.delete(connection)
      // node:http calls this after the last answer of a connection.
      socket.destroySoon = () => endLingering(socket)
      leaveToNode?.call(server, socket)
    },
  }
  server.on('connection', (socket: Socket) => {
    const connection = new DirectConnection(socket, shared)
    direct.add(connection)
    connection.start()
  })
  const closeUsualIdle = server.closeIdleConnections.bind(server)
  server.closeIdleConnections = () => {
    closeUsualIdle()
    for (const connection of direct) connection.endSoon()
  }
  return server.on('close', () => {
    parked.close()
    late.close()
  })
}

const TURN = Symbol('requests in turn')

/** A socket that is left to node:http. It carries its own queue of requests, which is looked up for each request. */
type SocketInTurn = Socket & { [TURN]?: RequestsInTurn }

/** Makes requests on connections that are left to node:http be carried out, or refused, in their turn. */
function inTurn(server: Server, bodyBytesMax: number, late: LateRequests, { carryOut, answerToBroken }: OtherRequests): void {
  const ahead = { requests: 0, max: LIMITS.requestsAheadMax }
  const options = { carryOut, bodyBytesMax, answerToCut: answerToBroken(CUT), answerToLate: answerToBroken(LATE), late, ahead }
  const of = (socket: SocketInTurn): RequestsInTurn => (socket[TURN] ??= new RequestsInTurn(socket, options))
  const take = (request: IncomingMessage, response: ServerResponse) => of(request.socket).take(request, response, false)
  server.on('request', take).on('checkExpectation', take)
  server.on('checkContinue', (request, response) => of(request.socket).take(request, response, true))
  server.on('connect', (request) => of(request.socket).refuse(answerToBroken('CONNECT')))
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    const { code = '' } = error
    if (code.startsWith('HPE_')) of(socket).refuse(answerToBroken(code))
    else if (code === LATE) of(socket).outOfTime()
    else socket.destroy(error)
  })
}

/** State that the connections of one server share. */
interface Shared {
  readonly routes: DirectRoutes
  readonly server: Server
  readonly parked: ParkedConnections
  readonly late: LateRequests
  readonly answerToLate: JsonAnswer
  readonly answerToCut: JsonAnswer
  /** Called when a connection is over. */
  over(connection: DirectConnection): void
  /** Called once in place of `over`, when a connection is left to node:http. */
  left(connection: DirectConnection, socket: Socket): void
}

/**
 * A connection whose requests are read directly from the socket, one after the other, as long as all of them are plain and
 * have direct routes. At the first other request, the connection is left to node:http for good.
 */
class DirectConnection implements ArrivingRequest, Asker {
  readonly #socket: Socket
  readonly #shared: Shared
  readonly #keepAliveMs: number
  /** Bytes of a request that has not arrived in full. */
  #held: Buffer | undefined
  /** Total bytes of that request; 0 when nothing is held. */
  #wanted = 0
  #isAnswering = false
  /** True when the client sent more before its last answer. That input waits in the socket, so that the input's end comes after it. */
  #hasMore = false
  #isLast = false

  constructor(socket: Socket, shared: Shared) {
    this.#socket = socket
    this.#shared = shared
    this.#keepAliveMs = shared.server.keepAliveTimeout
  }

  /** Begins to read. */
  start(): void {
    const { server } = this.#shared
    const socket = this.#socket
    // The wait is longer than the client is told, so that a request in the last moment still finds an open connection.
    socket.setTimeout(server.keepAliveTimeout + (server.keepAliveTimeoutBuffer ?? KEEP_ALIVE_BUFFER_DEFAULT_MS))
    socket.on('data', this.#receive).on('end', this.#end).on('timeout', this.#expire)
    socket.on('error', this.#fail).on('close', this.#finish)
  }

  /** True when the client has ended its side. It gets the answer that is under way, but no answer that has to wait for a place. */
  get isGone(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded
  }

  /** Answers the request that is under way, even if only a part of it has arrived, and then ends. */
  endSoon(): void {
    this.#isLast = true
    if (!this.#isAnswering && !this.#held) this.#socket.destroySoon()
  }

  /** Refuses the request, since its rest did not arrive in time. */
  late(): void {
    this.#refuseHeld(this.#shared.answerToLate)
  }

  #refuseHeld(answer: JsonAnswer): void {
    this.#held = undefined
    this.#isLast = true
    this.#send(answer)
  }

  readonly #receive = (chunk: Buffer): void => {
    if (this.#isLast && !this.#held) return
    if (this.#isAnswering) {
      this.#hasMore = true
      this.#socket.pause().unshift(chunk)
      return
    }
    const bytes = this.#held ? Buffer.concat([this.#held, chunk]) : chunk
    this.#held = undefined
    if (bytes.length < this.#wanted) this.#held = bytes
    else this.#take(bytes)
  }

  #take(bytes: Buffer): void {
    const { routes, parked, late } = this.#shared
    const request = readPlainRequest(bytes, routes.bodyBytesMax)
    if (typeof request === 'number') {
      this.#wanted = request
      this.#held = bytes
      return late.begin(this)
    }
    if (this.#wanted > 0) late.end(this)
    this.#wanted = 0
    // A client that does not read its answers is left to node:http, which can wait for it.
    if (request === 'unusual' || this.#socket.writableLength > 0) return this.#leave(bytes)
    const answer = routes.answer(request, this)
    if (!answer) return this.#leave(bytes)
    if (answer instanceof Promise) {
      this.#isAnswering = true
      void answer.then((settled) => this.#send(settled))
      return
    }
    this.#send(answer)
    if (answer.status === NO_ROOM) parked.park(this.#socket)
  }

  #send(answer: JsonAnswer): void {
    this.#isAnswering = false
    if (this.#socket.destroyed) return
    const { text, encoding } = written(answer, this.#isLast ? undefined : this.#keepAliveMs)
    this.#socket.write(text, encoding)
    if (this.#isLast) endLingering(this.#socket)
    else if (this.#hasMore) {
      this.#hasMore = false
      this.#socket.resume()
    }
  }

  #leave(bytes: Buffer): void {
    const socket = this.#socket
    socket.setTimeout(0)
    socket.off('data', this.#receive).off('end', this.#end).off('timeout', this.#expire)
    socket.off('error', this.#fail).off('close', this.#finish)
    socket.unshift(bytes)
    this.#shared.left(this, socket)
  }

  /** The client has ended its side. The rest of a request that has arrived in part will not come. */
  readonly #end = (): void => {
    if (this.#held) this.#refuseHeld(this.#shared.answerToCut)
    else this.endSoon()
  }

  /** Ends a connection on which nothing was sent for a long time. Any order would have been answered long before. */
  readonly #expire = (): void => void this.#socket.destroy()

  /** Does nothing when the client went away, since "close" follows. */
  readonly #fail = (): void => {}

  readonly #finish = (): void => {
    this.#shared.late.end(this)
    this.#shared.over(this)
  }
}
