import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { JSON_TYPE, written, type JsonAnswer } from './json-answer.ts'
import type { ArrivingRequest, LateRequests } from './late-requests.ts'
import { dropInput, endLingering } from './lingering.ts'

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** True when the client sends the body only when it is told to. */
  readonly isAskedFor: boolean
}

/** Settings for the requests of a connection. */
export interface InTurnOptions {
  readonly carryOut: RequestListener
  readonly bodyBytesMax: number
  /** The answer to a request that ends in the middle. */
  readonly answerToCut: JsonAnswer
  /** The answer to a request that does not arrive in time. */
  readonly answerToLate: JsonAnswer
  readonly late: LateRequests
  /** Requests of all connections that wait behind others, and their limit. The connection that brings one more is ended. */
  readonly ahead: { requests: number; readonly max: number }
}

/**
 * Carries out the requests of one connection one after the other, each once the one before has been answered. So each gets
 * its own answer, in order, or the connection ends without one. This is needed for connections that node:http reads: it
 * finds several requests at once, and it reports input that is no request before the requests ahead of it are answered.
 */
export class RequestsInTurn implements ArrivingRequest {
  readonly #socket: Socket
  readonly #options: InTurnOptions
  /** Requests after the current one. They have not begun. */
  readonly #waiting: Exchange[] = []
  #current: Exchange | undefined
  #newest: Exchange | undefined
  /** True when no request follows the newest one, since the client said so or may begin to speak another protocol. */
  #isLast = false
  /**
   * True while node:http's clock does not count. It runs on while the socket is not read. So a request gets the same time again
   * from the moment that the socket is read.
   */
  #isExcused = false
  /** The request that has run out of time by node:http's clock; 'head' when not even its head has arrived in full. */
  #overdue: Exchange | 'head' | undefined
  /** Set when no more requests are taken. When all have been answered, the connection ends with this answer, if there is one. */
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
    // node:http also resumes a socket when a body has been read.
    socket.on('resume', () => {
      if (this.#waiting.length > 0 && !this.#ending) socket.pause()
    })
  }

  /** Takes the next request. `isAskedFor`: its client sends the body only when it is told to. */
  take(request: IncomingMessage, response: ServerResponse, isAskedFor: boolean): void {
    if (this.#isLast || this.#ending) return
    const exchange = { request, response, isAskedFor }
    if (this.#overdue === 'head') this.#overdue = exchange
    this.#newest = exchange
    this.#isLast = request.headers.upgrade !== undefined || !response.shouldKeepAlive
    if (this.#isLast) response.setHeader('Connection', 'close')
    if (!this.#current) return this.#begin(exchange)
    // The socket is not read while a request waits. So only requests that arrived in one piece wait.
    const { ahead } = this.#options
    this.#waiting.push(exchange)
    ahead.requests += 1
    if (ahead.requests > ahead.max) this.#socket.destroy()
    else this.#pause()
  }

  /** A request has run out of time by node:http's clock. */
  outOfTime(): void {
    if (this.#isExcused) this.#overdue = this.#cut ?? 'head'
    else this.refuse(this.#options.answerToLate)
  }

  /** The time of a request has passed since the socket was read again. */
  late(): void {
    this.#isExcused = false
    if (this.#overdue === 'head' || (this.#overdue && this.#overdue === this.#cut)) this.refuse(this.#options.answerToLate)
  }

  /** The newest request, while it has not arrived in full. */
  get #cut(): Exchange | undefined {
    return this.#newest?.request.complete ? undefined : this.#newest
  }

  /** Answers input that is no request, or a broken body of the newest one, when its turn comes. */
  refuse(answer: JsonAnswer): void {
    if (this.#ending) return
    const cut = this.#cut
    if (!cut) return this.#isLast ? dropInput(this.#socket) : this.#endWith(answer)
    if (cut === this.#waiting.at(-1)) {
      this.#waiting.pop()
      this.#options.ahead.requests -= 1
      return this.#endWith(answer)
    }
    // The request has its answer already, or it gets this one.
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
    // Requests after it are not carried out, even if they have been found already.
    if (!response.shouldKeepAlive || this.#socket.writableEnded) return this.#endWith(this.#ending?.answer)
    if (this.#socket.destroyed) return
    if (this.#waiting.length > 0) this.#beginNext()
    else if (this.#ending) this.#end(this.#ending.answer)
  }

  #beginNext(): void {
    const next = this.#waiting.shift()!
    this.#options.ahead.requests -= 1
    this.#begin(next)
    if (this.#waiting.length === 0) this.#resume()
  }

  #pause(): void {
    this.#socket.pause()
    this.#isExcused = true
    this.#options.late.end(this)
  }

  #resume(): void {
    this.#socket.resume()
    this.#options.late.begin(this)
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

/** Says whether the body of a request may be too long to wait for, when the request is answered before its body has arrived. */
const hasLongBody = ({ headers }: IncomingMessage, bodyBytesMax: number): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > bodyBytesMax

/** Makes an answer end the connection, and say so in its head, when it begins before its request has arrived in full. */
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
