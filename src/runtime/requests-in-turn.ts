import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { JSON_TYPE, written, type JsonAnswer } from './json-answer.ts'
import type { ArrivingRequest, LateRequests } from './late-requests.ts'
import { dropInput, endLingering } from './lingering.ts'

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The client sends the body when it is told to. */
  readonly isAskedFor: boolean
}

/** What to do with the requests of a connection. */
export interface InTurnOptions {
  readonly carryOut: RequestListener
  readonly bodyBytesMax: number
  /** The answer to a request that ends in the middle. */
  readonly answerToCut: JsonAnswer
  /** The answer to a request that does not arrive in time. */
  readonly answerToLate: JsonAnswer
  readonly late: LateRequests
  /** Requests of all connections that wait behind others, and how many those may be: with one more its connection ends. */
  readonly ahead: { requests: number; readonly max: number }
}

/**
 * The requests of one connection that node:http reads, which finds them faster than they are answered: several at once,
 * and tells of what is no request before those ahead of it have their answers. Here they are carried out one after the
 * other, each once the one before has been answered. So each gets its own answer, in order, or the connection ends
 * without one.
 */
export class RequestsInTurn implements ArrivingRequest {
  readonly #socket: Socket
  readonly #options: InTurnOptions
  /** Found behind the current one, and not begun. */
  readonly #waiting: Exchange[] = []
  #current: Exchange | undefined
  #newest: Exchange | undefined
  /** What stands behind the newest request is none: the client said so, or may begin to speak another protocol. */
  #isLast = false
  /**
   * What ran out of time while it was not read: its head at first, where that has not arrived in full. It has the same time
   * once more from when it is read.
   */
  #unread: Exchange | 'head' | undefined
  /** Nothing more is taken. When all has been answered the connection ends, with this answer if there is one. */
  #ending: { readonly answer: JsonAnswer | undefined } | undefined

  constructor(socket: Socket, options: InTurnOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('error', () => {}) // A client that went away; "close" follows.
    socket.once('close', () => {
      options.ahead.requests -= this.#waiting.splice(0).length
      options.late.end(this)
    })
    socket.on('end', () => {
      if (this.#cut) this.refuse(options.answerToCut)
    })
    // A body that has been read resumes its socket, too.
    socket.on('resume', () => {
      if (this.#waiting.length > 0 && !this.#ending) socket.pause()
    })
  }

  /** The next request. `isAskedFor`: its client waits for a word before it sends the body. */
  take(request: IncomingMessage, response: ServerResponse, isAskedFor: boolean): void {
    if (this.#isLast || this.#ending) return
    const exchange = { request, response, isAskedFor }
    if (this.#unread === 'head') this.#unread = exchange
    this.#newest = exchange
    this.#isLast = request.headers.upgrade !== undefined || !response.shouldKeepAlive
    if (this.#isLast) response.setHeader('Connection', 'close')
    if (!this.#current) return this.#begin(exchange)
    // No more is read while one waits: what waits is what arrived in one piece.
    const { ahead } = this.#options
    this.#waiting.push(exchange)
    ahead.requests += 1
    if (ahead.requests > ahead.max) this.#socket.destroy()
    else this.#socket.pause()
  }

  /** By node:http's clock, which runs on while nothing is read since others wait, the time of what is arriving is over. */
  outOfTime(): void {
    if (this.#waiting.length === 0) return this.refuse(this.#options.answerToLate)
    this.#unread = this.#cut ?? 'head'
  }

  /** It did not arrive in the time that it had from when it was read. */
  late(): void {
    if (this.#unread === 'head' || this.#unread === this.#cut) this.refuse(this.#options.answerToLate)
  }

  /** The newest request, while it has not arrived in full. */
  get #cut(): Exchange | undefined {
    return this.#newest?.request.complete ? undefined : this.#newest
  }

  /** What arrived is no request, or no sound body of the newest one: this is the answer to that, in its turn. */
  refuse(answer: JsonAnswer): void {
    if (this.#ending) return
    const cut = this.#cut
    if (!cut) return this.#isLast ? dropInput(this.#socket) : this.#endWith(answer)
    if (cut === this.#waiting.at(-1)) {
      this.#waiting.pop()
      this.#options.ahead.requests -= 1
      return this.#endWith(answer)
    }
    // It has its answer already, or it gets this one.
    this.#endWith(undefined)
    if (cut === this.#current && !cut.response.headersSent) sendLast(cut.response, answer)
  }

  #begin(exchange: Exchange): void {
    const { request, response, isAskedFor } = exchange
    this.#current = exchange
    const { bodyBytesMax, carryOut } = this.#options
    if (hasLongBody(request, bodyBytesMax)) endUnlessComplete(request, response)
    response.once('close', this.#answered)
    if (isAskedFor && !(Number(request.headers['content-length']) > bodyBytesMax)) response.writeContinue()
    carryOut(request, response)
  }

  readonly #answered = (): void => {
    const { response } = this.#current!
    this.#current = undefined
    // Nothing behind it is carried out, however much of that has been found already.
    if (!response.shouldKeepAlive || this.#socket.writableEnded) return this.#endWith(this.#ending?.answer)
    if (this.#socket.destroyed) return
    if (this.#waiting.length > 0) this.#beginNext()
    else if (this.#ending) this.#end(this.#ending.answer)
  }

  #beginNext(): void {
    const next = this.#waiting.shift()!
    this.#options.ahead.requests -= 1
    this.#begin(next)
    if (this.#waiting.length > 0) return
    this.#socket.resume()
    if (this.#unread) this.#options.late.begin(this)
  }

  #endWith(answer: JsonAnswer | undefined): void {
    this.#ending = { answer }
    dropInput(this.#socket)
    if (!this.#current) this.#end(answer)
  }

  #end(answer: JsonAnswer | undefined): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return
    if (answer) {
      const { text, encoding } = written(answer, undefined)
      this.#socket.write(text, encoding)
    }
    endLingering(this.#socket)
  }
}

/** Whether the body of a request may be too long to wait for, should it be answered before that has arrived. */
const hasLongBody = ({ headers }: IncomingMessage, bodyBytesMax: number): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > bodyBytesMax

/** An answer that begins before its request has arrived in full ends the connection, and says so in its head. */
function endUnlessComplete(request: IncomingMessage, response: ServerResponse): void {
  const { writeHead } = response
  response.writeHead = ((...head: Parameters<typeof writeHead>) => {
    if (!request.complete) response.setHeader('Connection', 'close')
    return writeHead.apply(response, head)
  }) as typeof writeHead
}

function sendLast(response: ServerResponse, { status, headers, json }: JsonAnswer): void {
  response.writeHead(status, {
    ...headers,
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(json),
    Connection: 'close',
  })
  response.end(json)
}
