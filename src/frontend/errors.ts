import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { ErrorName } from '../domain/errors.ts'
import { REQUEST_METHODS } from '../runtime/direct-connection.ts'
import type { JsonAnswer } from '../runtime/json-answer.ts'
import type { Logger } from '../runtime/logger.ts'
import { parseBody } from './direct-routes.ts'
import { refusal, refuse } from './routes.ts'

const PATHS: readonly { readonly path: string; readonly allow: readonly HTTPMethods[] }[] = [
  { path: '/stocks/:name', allow: ['GET', 'HEAD'] },
  { path: '/stocks', allow: ['GET', 'HEAD'] },
  { path: '/orders/:number', allow: ['GET', 'HEAD'] },
  { path: '/orders', allow: ['GET', 'HEAD', 'POST'] },
  { path: '/cache/:name', allow: ['GET', 'HEAD'] },
  { path: '/leader', allow: ['GET', 'HEAD'] },
  { path: '/leader/:address', allow: ['GET', 'HEAD'] },
  { path: '/status', allow: ['GET', 'HEAD'] },
  { path: '/', allow: ['GET', 'HEAD'] },
  { path: '/assets/:file', allow: ['GET', 'HEAD'] },
  { path: '/v1/events', allow: ['GET'] },
  { path: '/v1/stocks', allow: ['GET', 'HEAD'] },
  { path: '/v1/orders', allow: ['GET', 'HEAD', 'POST'] },
  { path: '/v1/orders/:number', allow: ['GET', 'HEAD'] },
  { path: '/v1/orders::batch', allow: ['POST'] },
  { path: '/v1/status', allow: ['GET', 'HEAD'] },
]

const BATCH_PATH = '/v1/orders::batch'

const BY_CONNECTION_CODE: Readonly<Record<string, ErrorName>> = {
  HPE_HEADER_OVERFLOW: 'HEAD_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
}
const BY_FASTIFY_CODE: Readonly<Record<string, ErrorName>> = {
  FST_ERR_VALIDATION: 'INVALID_BODY',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'INVALID_BODY',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
}

/** Gives every failure the contract's envelope, whatever layer it comes from. */
export function addErrorHandling(app: FastifyInstance, log: Logger): void {
  // Every body is read as JSON, whatever its media type is. The contract has no other form.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes: Buffer, done) => {
    const body = isUtf8(bytes) ? parseBody(bytes.toString()) : undefined
    done(body === undefined ? Object.assign(new Error('no JSON'), { statusCode: 400 }) : null, body)
  })
  app.setErrorHandler((error: Error & { code?: string; statusCode?: number; validationContext?: string }, request, reply) => {
    if (error.validationContext === 'querystring') return refuse(reply, 'INVALID_LISTING')
    if (request.routeOptions.url === BATCH_PATH) return refuse(reply, error.statusCode === 413 ? 'BATCH_TOO_LARGE' : 'INVALID_BATCH')
    const known = BY_FASTIFY_CODE[error.code ?? '']
    if (known) return refuse(reply, known)
    if (error.statusCode === 400) return refuse(reply, 'INVALID_BODY')
    if (error.statusCode === 403 || error.statusCode === 404) return refuse(reply, 'UNKNOWN_PATH')
    log.error({ error: error.stack ?? error.message }, 'request failed')
    return refuse(reply, 'INTERNAL')
  })
  app.setNotFoundHandler(refuseUnknown)
  for (const method of REQUEST_METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  for (const { path, allow } of PATHS) {
    app.route({
      method: REQUEST_METHODS.filter((method) => !allow.includes(method)),
      url: path,
      schema: { hide: true },
      // The method is refused before the body is read, since the body does not matter.
      onRequest: async (_request, reply) => refuse(reply.header('Allow', allow.join(', ')), 'WRONG_METHOD'),
      handler: () => {},
    })
  }
  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request
    // The body is read as JSON even when this header holds no media type.
    delete raw.headers['content-type']
    const hosts = raw.headersDistinct.host?.length ?? 0
    if (hosts > 1 || (hosts === 0 && raw.httpVersion !== '1.0')) refuse(reply.header('Connection', 'close'), 'INVALID_REQUEST')
    else if (request.is404) refuseUnknown(request, reply)
    else done()
  })
}

function refuseUnknown({ method, url }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const names = /^\/(stocks|orders)\/./.exec(url)
  if (method !== 'GET' || !names) return refuse(reply, 'UNKNOWN_PATH')
  return refuse(reply, names[1] === 'stocks' ? 'STOCK_NOT_FOUND' : 'ORDER_NOT_FOUND')
}

/** Answers failures that occur before a route is found. Fastify calls this for them, not the error handler. */
export const refusePath = (error: { readonly code: string }, reply: FastifyReply): FastifyReply =>
  refuse(reply, error.code === 'FST_ERR_BAD_URL' ? 'INVALID_PATH' : 'UNKNOWN_PATH')

/** Answers input that is no request, by the code that node:http gives it, and CONNECT, which asks for a tunnel. */
export function answerToBroken(code: string): JsonAnswer {
  if (code !== 'CONNECT') return refusal(BY_CONNECTION_CODE[code] ?? 'INVALID_REQUEST')
  return { ...refusal('WRONG_METHOD'), headers: { Allow: 'GET, HEAD, POST' } }
}
