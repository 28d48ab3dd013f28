import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LIMITS } from '../domain/limits.ts'
import type { Clock } from '../runtime/clock.ts'
import { Gate } from '../runtime/gate.ts'
import { UnreadAnswers } from '../runtime/unread-answers.ts'
import { CLIENT_PATIENCE_MS } from './patience.ts'
import { askerOf, refuse } from './routes.ts'

type Socket = FastifyRequest['socket']

/** A file of the pages at /docs travels in pieces: no more of it is held. */
const PIECE_BYTES = 65_536

/**
 * What the requests that the framework answers may cost, beside orders and plain lookups.
 *
 * N1. Requests of one connection are carried out one after the other, in their order; with too many of them behind each
 *     other the connection is not read.
 * N2. An answer that is not read ends its connection in time.
 */
export function admitRequests(app: FastifyInstance, clock: Clock): void {
  const connections = new WeakMap<Socket, Connection>()
  const unread = new UnreadAnswers(clock, LIMITS.frontEndUnreadBytesMax)
  const documents = new Gate(clock, { placesMax: LIMITS.frontEndDocumentsMax, waitingMax: LIMITS.frontEndWaitingQuestionsMax })
  const count = { requests: 0 }

  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw
    const connection = connections.get(socket) ?? new Connection(socket, count)
    connections.set(socket, connection)
    const begin = () => {
      reply.raw.once('close', () => connection.next())
      if (unread.isFull || count.requests > LIMITS.frontEndRequestsMax) refuse(reply, 'BUSY')
      else if (!isDocument(request)) done()
      else void documents.run(askerOf(request), CLIENT_PATIENCE_MS, () => served(reply, done)).then((went) => went ?? refuse(reply, 'BUSY'))
    }
    connection.take(begin)
  })

  app.addHook('onSend', (_request, reply, payload, done) => {
    const { socket } = reply.raw.req
    const bytes = sizeOf(payload)
    const shared = Buffer.isBuffer(payload) ? payload : undefined
    const read = unread.add({ bytes, ...(shared && { shared }) }, () => socket.destroy())
    reply.raw.once('close', read)
    socket.once('close', read)
    done(null, payload)
  })
}

/** The requests of one connection, one at a time. */
class Connection {
  readonly #socket: Socket
  readonly #count: { requests: number }
  #waiting: (() => void)[] = []
  #isBusy = false

  /** `count` is what all connections have under way. */
  constructor(socket: Socket, count: { requests: number }) {
    this.#socket = socket
    this.#count = count
    // Whatever reads on, node:http or a body that was read: not before there is room.
    socket.on('resume', () => this.#holdBack()).once('close', () => this.#drop())
  }

  /** Calls `begin` when the requests before it are done. */
  take(begin: () => void): void {
    this.#count.requests += 1
    if (!this.#isBusy) {
      this.#isBusy = true
      return begin()
    }
    this.#waiting.push(begin)
    this.#holdBack()
    if (this.#count.requests > LIMITS.frontEndRequestsMax) this.#socket.destroy()
  }

  /** The request whose turn it was is done. */
  next(): void {
    if (!this.#isBusy) return
    this.#count.requests -= 1
    const begin = this.#waiting.shift()
    this.#isBusy = begin !== undefined
    if (this.#waiting.length < LIMITS.pipelinedRequestsMax) this.#socket.resume()
    begin?.()
  }

  #holdBack(): void {
    if (this.#waiting.length >= LIMITS.pipelinedRequestsMax) this.#socket.pause()
  }

  /** Nobody is left to answer. */
  #drop(): void {
    this.#count.requests -= this.#waiting.length + (this.#isBusy ? 1 : 0)
    this.#waiting = []
    this.#isBusy = false
  }
}

const isDocument = ({ routeOptions }: FastifyRequest): boolean => routeOptions.url?.startsWith('/docs') ?? false

/** Goes on with a request; resolves once its answer has gone out, or its client. */
const served = (reply: FastifyReply, goOn: () => void): Promise<true> =>
  new Promise((resolve) => {
    reply.raw.once('close', () => resolve(true))
    goOn()
  })

function sizeOf(payload: unknown): number {
  if (typeof payload === 'string') return Buffer.byteLength(payload)
  if (Buffer.isBuffer(payload)) return payload.length
  return payload ? PIECE_BYTES : 0
}
