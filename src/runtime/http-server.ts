import Fastify, { type FastifyInstance, type FastifyReply, type FastifyServerFactory } from 'fastify'
import { joinAddress } from './address.ts'
import { systemClock } from './clock.ts'
import { serverWithDirectRoutes, written, type DirectRoutes, type JsonAnswer } from './direct-connection.ts'
import { whilePortIsTaken } from './listening.ts'

/** Longer than load balancers keep a connection: one that the server closes first costs a client its request. */
const KEEP_ALIVE_MS = 72_000
/** For a whole request to arrive. Node looks every 30 s. */
const REQUEST_TIMEOUT_MS = 30_000

/** Limits of an HTTP server. */
export interface HttpServerOptions {
  readonly bodyBytesMax: number
  /** Longest path parameter, decoded or not, in characters. */
  readonly parameterCharactersMax: number
  /** Answers a request whose path no route can be looked up for. */
  readonly refusePath: (error: { readonly code: string }, reply: FastifyReply) => void
  /** The answer to what is no request, by the code that node:http has for it; the connection ends with it. */
  readonly answerToBroken: (code: string) => JsonAnswer
  readonly directRoutes?: DirectRoutes
}

/** A fastify instance; routes are added before `listen`. */
export function httpServer(options: HttpServerOptions): FastifyInstance {
  const { directRoutes } = options
  return Fastify({
    logger: false,
    ...(directRoutes && { serverFactory: factoryFor(directRoutes) }),
    bodyLimit: options.bodyBytesMax,
    forceCloseConnections: 'idle',
    clientErrorHandler: (error, socket) => {
      if (socket.destroyed || error.code === 'ECONNRESET') return
      const { text, encoding } = written(options.answerToBroken(error.code), undefined)
      if (socket.writable) socket.write(text, encoding)
      socket.destroy(error)
    },
    // Draining answers what is under way; new requests on open connections are answered too, with "stopping".
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => options.refusePath(error, reply),
    routerOptions: { maxParamLength: options.parameterCharactersMax, ignoreTrailingSlash: true },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
}

const factoryFor =
  (routes: DirectRoutes): FastifyServerFactory =>
  (handler) => {
    const server = serverWithDirectRoutes(routes, handler)
    server.keepAliveTimeout = KEEP_ALIVE_MS
    server.headersTimeout = REQUEST_TIMEOUT_MS
    server.requestTimeout = REQUEST_TIMEOUT_MS
    // Who says that nothing more will come still gets its answers.
    Object.assign(server, { httpAllowHalfOpen: true })
    return server
  }

/**
 * Listens and returns the port.
 * @throws Error when it cannot, or the port stays taken for two seconds.
 */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await whilePortIsTaken(systemClock, () => app.listen({ host, port }))
    return (app.server.address() as { port: number }).port
  } catch (error) {
    throw new Error(`cannot listen on ${joinAddress(host, port)}: ${(error as Error).message}`)
  }
}
