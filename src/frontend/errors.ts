import type { FastifyInstance, FastifyReply, HTTPMethods } from 'fastify'
import type { ErrorName } from '../domain/errors.ts'
import { LIMITS } from '../domain/limits.ts'
import type { Logger } from '../runtime/logger.ts'
import { parseJson } from './direct-routes.ts'
import { refuse } from './routes.ts'

/** Requests of all kinds that one front end works on at once; the next one gets 503. */
const REQUESTS_MAX = 2 * LIMITS.frontEndPendingOrdersMax

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const PATHS: readonly { readonly path: string; readonly allow: readonly HTTPMethods[] }[] = [
  { path: '/stocks/:name', allow: ['GET', 'HEAD'] },
  { path: '/stocks', allow: ['GET', 'HEAD'] },
  { path: '/orders/:number', allow: ['GET', 'HEAD'] },
  { path: '/orders', allow: ['GET', 'HEAD', 'POST'] },
  { path: '/cache/:name', allow: ['GET', 'HEAD'] },
  { path: '/leader', allow: ['GET', 'HEAD'] },
  { path: '/leader/:address', allow: ['GET', 'HEAD'] },
  { path: '/status', allow: ['GET', 'HEAD'] },
]

const BY_FASTIFY_CODE: Readonly<Record<string, ErrorName>> = {
  FST_ERR_VALIDATION: 'INVALID_BODY',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'INVALID_BODY',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'WRONG_MEDIA_TYPE',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
}

/** Gives every failure the contract's envelope, whatever layer it comes from. */
export function addErrorHandling(app: FastifyInstance, log: Logger): void {
  // A body is read as JSON whatever its media type says: the contract knows no other.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text: string, done) => {
    const body = parseJson(text)
    done(body === undefined ? Object.assign(new Error('no JSON'), { statusCode: 400 }) : null, body)
  })
  app.setErrorHandler((error: Error & { code?: string; statusCode?: number }, _request, reply) => {
    const known = BY_FASTIFY_CODE[error.code ?? '']
    if (known) return refuse(reply, known)
    if (error.statusCode === 400) return refuse(reply, 'INVALID_BODY')
    log.error({ error: error.stack ?? error.message }, 'request failed')
    return refuse(reply, 'INTERNAL')
  })
  app.setNotFoundHandler((request, reply) => {
    const names = /^\/(stocks|orders)\/./.exec(request.url)
    if (request.method !== 'GET' || !names) return refuse(reply, 'UNKNOWN_PATH')
    return refuse(reply, names[1] === 'stocks' ? 'STOCK_NOT_FOUND' : 'ORDER_NOT_FOUND')
  })
  for (const { path, allow } of PATHS) {
    app.route({
      method: METHODS.filter((method) => !allow.includes(method)) as HTTPMethods[],
      url: path,
      schema: { hide: true },
      handler: (_request, reply) => refuse(reply.header('Allow', allow.join(', ')), 'WRONG_METHOD'),
    })
  }
  limitRequests(app)
}

/** Failures before any route is found: fastify asks this instead of the error handler. */
export const refusePath = (error: { readonly code: string }, reply: FastifyReply): FastifyReply =>
  refuse(reply, error.code === 'FST_ERR_BAD_URL' ? 'INVALID_PATH' : 'UNKNOWN_PATH')

function limitRequests(app: FastifyInstance): void {
  let running = 0
  app.addHook('onRequest', (_request, reply, done) => {
    running += 1
    // Not onResponse: it is left out when the client goes away before the answer.
    reply.raw.once('close', () => {
      running -= 1
    })
    if (running > REQUESTS_MAX) refuse(reply, 'OVERLOADED')
    else done()
  })
}

