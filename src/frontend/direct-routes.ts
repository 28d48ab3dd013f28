import { LIMITS } from '../domain/limits.ts'
import type { DirectRoutes, HttpAnswer } from '../runtime/direct-route.ts'
import type { Logger } from '../runtime/logger.ts'
import type { FrontEnd } from './front-end.ts'
import { place, refusal, stockFound, type OrderBody } from './routes.ts'

const OVERLOADED = refusal('OVERLOADED')
const BYTE_ORDER_MARK = '\uFEFF'

/** Orders, and lookups that the cache can answer, without the framework: the same answers as by their routes. */
export function directRoutes(frontEnd: FrontEnd, log: Logger): DirectRoutes {
  return {
    get: {
      folder: '/stocks/',
      answer: (name) => {
        const stock = frontEnd.stocks.cached(name)
        return stock && stockFound(stock)
      },
    },
    post: {
      path: '/orders',
      bodyBytesMax: LIMITS.requestBodyBytesMax,
      refuse: () => (frontEnd.orders.isFull ? OVERLOADED : undefined),
      answer: async (headers, text): Promise<HttpAnswer> => {
        try {
          const body = parseJson(text)
          return isOrder(body) ? await place(frontEnd, headers, body) : refusal('INVALID_BODY')
        } catch (error) {
          log.error({ error: (error as Error).stack }, 'request failed')
          return refusal('INTERNAL')
        }
      },
    },
  }
}

/** The value that a body holds; undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text)
  } catch {
    return undefined
  }
}

/** What the schema of the route asks for. */
const isOrder = (body: unknown): body is OrderBody =>
  typeof body === 'object' &&
  body !== null &&
  'name' in body &&
  'quantity' in body &&
  'type' in body &&
  typeof body.name === 'string'
