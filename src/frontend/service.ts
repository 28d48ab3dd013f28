import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import { LIMITS } from '../domain/limits.ts'
import { sleep } from '../runtime/clock.ts'
import { httpServer, listen } from '../runtime/http-server.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Service } from '../runtime/service.ts'
import { admitRequests } from './admission.ts'
import { directRoutes } from './direct-routes.ts'
import { addErrorHandling, answerToBroken, refusePath } from './errors.ts'
import { createFrontEnd, type FrontEndCoreOptions } from './front-end.ts'
import { addPage, type PageFiles } from './page.ts'
import { addRoutes } from './routes.ts'
import { allowedOrigins } from './origins.ts'
import { addV1Routes, allowOrigins } from './v1-routes.ts'

export interface FrontEndOptions extends FrontEndCoreOptions {
  /** HTTP port; 0 chooses a free one. */
  readonly port: number
  /** Interface to listen on. */
  readonly host: string
  /** "host:port" under which the order replicas reach this front end. */
  readonly advertisedAddress?: string
  /** The live page, which is served at `/`. */
  readonly page?: PageFiles
  /** Origins whose pages may use the routes below /v1: see {@link allowedOrigins}. */
  readonly origins?: readonly string[]
}

/** Starts a front end. It listens at once, and looks for a leader and the catalogue until they are there. */
export async function startFrontEnd(runtime: Runtime, options: FrontEndOptions): Promise<Service> {
  const frontEnd = createFrontEnd(runtime, options)
  const app = httpServer({
    bodyBytesMax: LIMITS.requestBodyBytesMax,
    parameterCharactersMax: 4 * LIMITS.stockNameBytesMax,
    refusePath,
    answerToBroken,
    directRoutes: directRoutes(frontEnd, runtime.log),
  })
  admitRequests(app, runtime.clock) // This comes before all plugins, so that it holds for the routes that they add.
  allowOrigins(app, allowedOrigins(options.origins ?? []))
  await app.register(fastifySwagger, { openapi: { info: { title: 'Stock Bazaar', version: '1' } } })
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' })
  addErrorHandling(app, runtime.log)
  addRoutes(app, frontEnd)
  addPage(app, options.page ?? new Map())
  addV1Routes(app, frontEnd)
  const port = await listen(app, options.host, options.port)
  frontEnd.start(options.advertisedAddress ?? `127.0.0.1:${port}`)
  runtime.log.info({ port, id: frontEnd.id, replicas: options.replicas, catalogue: options.catalogueAddress }, 'front end listens')
  return {
    close: async (graceMs) => {
      frontEnd.live.close()
      await Promise.race([app.close(), sleep(runtime.clock, graceMs)])
      frontEnd.close()
    },
  }
}
