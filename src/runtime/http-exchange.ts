import { request as httpRequest, type Agent, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { afterAwake, type Clock } from './clock.ts'
import { HTTP_PARSER } from './http-parser.ts'
import { dropIdle } from './kept-connections.ts'

export interface Exchange {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

/** The result of one HTTP request. `failed`: there is no whole answer. */
export type ExchangeResult =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: IncomingMessage['headers']
      readonly text: string
    }
  /** `sent` is false when the server cannot have seen the request. `stale`: the kept connection had been closed meanwhile. */
  | { readonly kind: 'failed'; readonly cause: string; readonly sent: boolean; readonly stale: boolean }

export interface ExchangeTarget {
  readonly host: string
  readonly port: number
  readonly agent: Agent
  readonly clock: Clock
  readonly timeoutMs: number
  /** Longest answer that is read to its end, in UTF-16 units. There is no limit when it is left out. */
  readonly answerLengthMax?: number
}

/**
 * Makes one HTTP request over a kept connection. The deadline is for the whole request. Rejects only when HTTP cannot carry
 * the request, for example because a header has a line end.
 */
export function exchange(target: ExchangeTarget, { method, path, headers, body }: Exchange): Promise<ExchangeResult> {
  const { host, port, agent, clock, timeoutMs, answerLengthMax = Infinity } = target
  return new Promise((resolve) => {
    const outgoing = httpRequest({ ...HTTP_PARSER, host, port, agent, method, path, headers }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (chunk: string) => {
        text += chunk
        if (text.length <= answerLengthMax) return
        failed(new Error(`the answer is longer than ${answerLengthMax}`))
        outgoing.destroy()
      })
      incoming.on('end', () => {
        if (incoming.complete) settle({ kind: 'answered', status: incoming.statusCode ?? 0, headers: incoming.headers, text })
      })
      incoming.on('close', () => failed(new Error('the connection closed in the middle of the answer')))
      incoming.on('error', failed)
    })
    const timer = afterAwake(clock, timeoutMs, () => {
      const late = new Error(`no answer within ${timeoutMs} ms`)
      // A request that still waits for a free connection would not tell that it was destroyed.
      if (!outgoing.socket) settle({ kind: 'failed', cause: late.message, sent: false, stale: false })
      outgoing.destroy(late)
      dropIdle(agent, { host, port })
    })
    const settle = (result: ExchangeResult) => {
      timer.cancel()
      resolve(result)
    }
    const failed = (error: NodeJS.ErrnoException) => {
      const stale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      settle({ kind: 'failed', cause: wordsOf(error), sent: !NEVER_CONNECTED.has(error.code ?? ''), stale })
    }
    outgoing.on('error', failed)
    outgoing.end(body)
  })
}

/** Errors that come before a connection is made. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
])

function wordsOf(error: NodeJS.ErrnoException): string {
  // A host with several addresses fails with an AggregateError that has no message of its own.
  return error.message === '' ? (error.code ?? 'no connection') : error.message
}
