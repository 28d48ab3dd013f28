import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LIMITS } from '../domain/limits.ts'
import type { Clock } from '../runtime/clock.ts'
import { Gate } from '../runtime/gate.ts'
import { UnreadAnswers } from '../runtime/unread-answers.ts'
import { CLIENT_PATIENCE_MS } from './patience.ts'
import { askerOf, refuse } from './routes.ts'

/** The files of the pages at /docs travel in pieces of this size. One piece of a file is held at a time. */
const PIECE_BYTES = 65_536

/**
 * Limits the cost of the requests that the framework answers. Orders and plain lookups are not among them.
 *
 * N1. An answer that is not read ends its connection in time.
 */
export function admitRequests(app: FastifyInstance, clock: Clock): void {
  const unread = new UnreadAnswers(clock, LIMITS.frontEndUnreadBytesMax)
  const documents = new Gate(clock, { placesMax: LIMITS.frontEndDocumentsMax, waitingMax: LIMITS.frontEndWaitingQuestionsMax })
  const turns = new Turns(clock)
  let underWay = 0

  // Each connection has at most one request here at a time.
  app.addHook('onRequest', (request, reply, done) => {
    underWay += 1
    reply.raw.once('close', () => (underWay -= 1))
    const begin = () => {
      if (unread.isFull || underWay > LIMITS.frontEndRequestsMax) refuse(reply, 'BUSY')
      else if (!isDocument(request)) done()
      else void documents.run(askerOf(request), CLIENT_PATIENCE_MS, () => served(reply, done)).then((went) => went ?? refuse(reply, 'BUSY'))
    }
    // An order does not wait for a turn.
    if (request.method === 'POST') begin()
    else turns.take(begin)
  })

  app.addHook('onSend', (_request, reply, payload, done) => {
    const { socket } = reply.raw.req
    const bytes = sizeOf(payload)
    const shared = Buffer.isBuffer(payload) ? payload : undefined
    const read = unread.add({ bytes, ...(shared && { shared }) }, () => socket.destroy())
    const ended = () => {
      socket.off('close', ended)
      read()
    }
    reply.raw.once('close', ended)
    socket.once('close', ended)
    done(null, payload)
  })
}

/** Lets few requests begin in one turn of the event loop. Orders and pings that are ready come before the next ones. */
class Turns {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #begun = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `begin` in this turn or in a later one, in the order of the calls. */
  take(begin: () => void): void {
    if (this.#begun >= LIMITS.frontEndRequestsPerTurnMax) return void this.#waiting.push(begin)
    if (this.#begun === 0) this.#clock.nextTurn(() => this.#turn())
    this.#begun += 1
    begin()
  }

  #turn(): void {
    this.#begun = 0
    for (const begin of this.#waiting.splice(0, LIMITS.frontEndRequestsPerTurnMax)) this.take(begin)
  }
}

const isDocument = ({ routeOptions }: FastifyRequest): boolean => routeOptions.url?.startsWith('/docs') ?? false

/** Goes on with a request. Resolves once the answer has been sent or the client has left. */
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
