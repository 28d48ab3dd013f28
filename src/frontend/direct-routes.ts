import { LIMITS } from '../domain/limits.ts'
import { parseJson } from '../domain/text.ts'
import type { DirectRoutes } from '../runtime/direct-connection.ts'
import type { JsonAnswer } from '../runtime/json-answer.ts'
import type { Logger } from '../runtime/logger.ts'
import type { FrontEnd } from './front-end.ts'
import { lookUpOrder, lookUpStock, place, refusal, stockFound, type OrderBody } from './routes.ts'

const OVERLOADED_ANSWER = refusal('OVERLOADED')
const BYTE_ORDER_MARK = '\uFEFF'
/** The path of one stock or one order. A longer name belongs to no stock. */
const LOOKUP = new RegExp(`^/(stocks|orders)/([^/]{1,${LIMITS.stockNameBytesMax}})$`)

/** Answers orders, and lookups of one stock or one order, without the framework. Nearly all requests are of these kinds. */
export function directRoutes(frontEnd: FrontEnd, log: Logger): DirectRoutes {
  let lookingUp = 0

  const guarded = async (answering: Promise<JsonAnswer>): Promise<JsonAnswer> => {
    try {
      return await answering
    } catch (error) {
      log.error({ error: (error as Error).stack }, 'request failed')
      return refusal('INTERNAL')
    }
  }

  const overloaded = (): JsonAnswer => {
    frontEnd.orders.refused += 1
    return OVERLOADED_ANSWER
  }

  const lookUp = (answering: Promise<JsonAnswer>): Promise<JsonAnswer> => {
    lookingUp += 1
    return guarded(answering).finally(() => (lookingUp -= 1))
  }

  return {
    bodyBytesMax: LIMITS.requestBodyBytesMax,
    answer: ({ method, path, headers, body }, asker) => {
      if (method === 'POST') {
        if (path !== '/orders') return undefined
        if (frontEnd.orders.isFull) return overloaded()
        return guarded(placeText(frontEnd, headers['idempotency-key'], body))
      }
      const [, folder, name] = LOOKUP.exec(path) ?? []
      if (name === undefined) return undefined
      const cached = folder === 'stocks' ? frontEnd.stocks.cached(name) : undefined
      if (cached) return stockFound(cached)
      if (lookingUp >= LIMITS.frontEndLookupsMax) return OVERLOADED_ANSWER
      return lookUp(folder === 'stocks' ? lookUpStock(frontEnd, name, asker) : lookUpOrder(frontEnd, name, asker))
    },
  }
}

async function placeText(frontEnd: FrontEnd, keyHeader: string | undefined, text: string): Promise<JsonAnswer> {
  const body = parseBody(text)
  return isOrder(body) ? await place(frontEnd, keyHeader, body) : refusal('INVALID_BODY')
}

/** Returns the value that a body holds, or undefined when the body is not JSON. */
export const parseBody = (text: string): unknown => parseJson(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text)

/** Says whether a body satisfies the schema of the route. */
export const isOrder = (body: unknown): body is OrderBody =>
  typeof body === 'object' && body !== null && 'name' in body && 'quantity' in body && 'type' in body && typeof body.name === 'string'
