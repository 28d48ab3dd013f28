import Fastify, { type FastifyInstance, type FastifyReply, type FastifyServerFactory } from 'fastify'
import { joinAddress } from './address.ts'
import { systemClock } from './clock.ts'
import { serverWithDirectRoutes, type DirectRoutes } from './direct-connection.ts'
import type { JsonAnswer } from './json-answer.ts'
import { whilePortIsTaken } from './listening.ts'

/** How long an idle connection is kept. Load balancers close theirs sooner. If the server is first, a client may lose its request. */
const KEEP_ALIVE_MS = 72_000
/** How long a whole request may take to arrive, from its first byte to its last. Late ones are looked for every second. */
const REQUEST_TIMEOUT_MS = 30_000

/** Limits of an HTTP server. */
export interface HttpServerOptions {
  readonly bodyBytesMax: number
  /** Longest path parameter, decoded or not, in characters. */
  readonly parameterCharactersMax: number
  /** Answers a request whose path no route can be looked up for. */
  readonly refusePath: (error: { readonly code: string }, reply: FastifyReply) => void
  /** Returns the answer to input that is no request. `code` is node:http's code. The connection ends with the answer. */
  readonly answerToBroken: (code: string) => JsonAnswer
  readonly directRoutes?: DirectRoutes
}

/** Returns a fastify instance. Routes are added before `listen`. */
export function httpServer(options: HttpServerOptions): FastifyInstance {
  return Fastify({
    logger: false,
    serverFactory: factoryFor(options),
    bodyLimit: options.bodyBytesMax,
    forceCloseConnections: 'idle',
    clientErrorHandler: () => {}, // The server itself answers input that is no request, in its turn.
    // While the server stops, requests that are under way get their answers, and new ones on open connections get "stopping".
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
 * @throws Error when it cannot listen, or the port stays taken for two seconds.
 */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await whilePortIsTaken(systemClock, () => app.listen({ host, port }))
    return (app.server.address() as { port: number }).port
  } catch (error) {
    throw new Error(`cannot listen on ${joinAddress(host, port)}: ${(error as Error).message}`)
  }
}
