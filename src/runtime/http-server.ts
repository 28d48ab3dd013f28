import Fastify, { type FastifyInstance, type FastifyReply, type FastifyServerFactory } from 'fastify'
import { joinAddress } from './address.ts'
import { systemClock } from './clock.ts'
import { serverWithDirectRoutes, type DirectRoutes } from './direct-connection.ts'
import type { JsonAnswer } from './json-answer.ts'
import { whilePortIsTaken } from './listening.ts'

/** Longer than load balancers keep a connection: one that the server closes first costs a client its request. */
const KEEP_ALIVE_MS = 72_000
/** For a whole request to arrive, from its first byte to its last; looked at every second. */
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
  return Fastify({
    logger: false,
    serverFactory: factoryFor(options),
    bodyLimit: options.bodyBytesMax,
    forceCloseConnections: 'idle',
    clientErrorHandler: () => {}, // The server answers what is no request, in its turn.
    // Draining answers what is under way; new requests on open connections are answered too, with "stopping".
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => options.refusePath(error, reply),
    routerOptions: { maxParamLength: options.parameterCharactersMax, ignoreTrailingSlash: true },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
}

const factoryFor =
  ({ bodyBytesMax, answerToBroken, directRoutes = { bodyBytesMax, answer: () => undefined } }: HttpServerOptions): FastifyServerFactory =>
  (carryOut) => {
    const server = serverWithDirectRoutes(directRoutes, { carryOut, answerToBroken })
    server.keepAliveTimeout = KEEP_ALIVE_MS
    server.headersTimeout = REQUEST_TIMEOUT_MS
    server.requestTimeout = REQUEST_TIMEOUT_MS
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
