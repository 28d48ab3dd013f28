import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import { sleep, systemClock } from '../runtime/clock.ts'
import type { Asker } from '../runtime/gate.ts'
import type { Logger } from '../runtime/logger.ts'
import type { RpcServer, Services } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { limitCalls } from './call-limits.ts'
import { SERVER_OPTIONS } from './channel-options.ts'
import { tendServerSessions } from './client-watch.ts'
import { definitions, SERVICE_NAMES, wrongIn, type MethodName } from './definitions.ts'
import { toStatus } from './errors.ts'
import { serveFrames } from './frame-server.ts'
import { addReflection } from './reflection.ts'
import { serveStream, type StreamMethodServed } from './served-stream.ts'
import { peerOf, sharePort } from './shared-port.ts'
import { StreamRoom } from './stream-room.ts'
import { UnreadStreams } from './unread-streams.ts'

type UnaryHandler = (request: object, asker: Asker) => Promise<object>
type ServerStreamHandler = (request: object, asker: Asker) => AsyncIterable<object>

export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** True: streams of frames are taken besides those of gRPC. */
  readonly frames: boolean
}

/**
 * Serves the given methods, the standard health service and reflection.
 * @throws Error when the port stays taken for two seconds.
 */
export async function serve({ host, port, frames }: ListenOptions, services: Services, log: Logger): Promise<RpcServer> {
  tendServerSessions()
  const server = new Server({ ...SERVER_OPTIONS, interceptors: [limitCalls()] })
  const streams = new Set<() => void>()
  const methods = streamMethods(services, streams, log)
  const served = SERVICE_NAMES.filter((name) => {
    const implementation = implementationOf(name, services, methods, log)
    if (Object.keys(implementation).length === 0) return false
    server.addService(definitions[name] as ServiceDefinition, implementation)
    return true
  })
  const health = new HealthImplementation({ '': 'SERVING' })
  health.addToServer(server)
  addReflection(server, served)
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  const unread = new UnreadStreams(systemClock, log)
  const shared = await sharePort(host, port, {
    grpc: (socket) => injector.injectConnection(socket),
    frames: frames
      ? (socket, ahead, named) => {
          const unreadBytes = unread.watch(socket, socket.remotePort, socket)
          serveFrames(socket, ahead, methods, { peer: peerOf(socket), named, unread: unreadBytes })
        }
      : undefined,
  })
  unread.start(shared.port)
  return {
    port: shared.port,
    close: async (graceMs) => {
      health.setStatus('', 'NOT_SERVING')
      for (const end of streams) end()
      const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
      await Promise.race([Promise.all([closed, shared.close()]), sleep(systemClock, graceMs)])
      server.forceShutdown()
      shared.destroy()
      unread.close()
    },
  }
}

/** The methods whose streams are served, by name. */
function streamMethods(services: Services, streams: Set<() => void>, log: Logger): ReadonlyMap<string, StreamMethodServed> {
  const named = Object.entries(services.streams) as [MethodName, StreamMethodServed['open']][]
  return new Map(named.map(([method, open]) => [method, { method, open, streams, log, room: new StreamRoom(systemClock) }]))
}

function implementationOf(
  service: string,
  services: Services,
  methods: ReadonlyMap<string, StreamMethodServed>,
  log: Logger,
): UntypedServiceImplementation {
  const implementation: UntypedServiceImplementation = {}
  const each = <H>(handlers: Iterable<readonly [string, unknown]>, wrap: (handler: H, method: MethodName) => unknown) => {
    for (const [method, handler] of handlers) {
      const [owner, name] = method.split('.') as [string, string]
      if (owner === service) implementation[name] = wrap(handler as H, method as MethodName) as UntypedServiceImplementation[string]
    }
  }
  each<UnaryHandler>(Object.entries(services.unary), (handler, method) => unary(handler, method, log))
  each<ServerStreamHandler>(Object.entries(services.serverStreams), (handler, method) => serverStream(handler, method, log))
  each<StreamMethodServed>(methods, duplex)
  return implementation
}

/** Returns the asker of a call. The asker is gone when the call was cancelled or its deadline has passed. */
const askerOf = (call: { readonly cancelled: boolean }): Asker => ({
  get isGone() {
    return call.cancelled
  },
})

const unary =
  (handler: UnaryHandler, method: MethodName, log: Logger) => (call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>) => {
    checked(handler, method, call.request, askerOf(call)).then(
      (response) => answer(null, response),
      (error: unknown) => {
        reportBug(error, method, log)
        answer(toStatus(error))
      },
    )
  }

const serverStream =
  (handler: ServerStreamHandler, method: MethodName, log: Logger) => async (call: ServerWritableStream<object, object>) => {
    try {
      refuseWrong(method, call.request)
      for await (const message of handler(call.request, askerOf(call))) {
        if (call.cancelled) return
        if (!call.write(message)) await room(call)
      }
      call.end()
    } catch (error) {
      reportBug(error, method, log)
      call.emit('error', toStatus(error))
    }
  }

/** Resolves once more can be written, or once nobody reads any more. */
const room = (call: ServerWritableStream<object, object>): Promise<unknown> =>
  new Promise((resolve) => call.once('drain', resolve).once('close', resolve).once('cancelled', resolve))

/** A peer that leaves so many messages of its stream unread has stopped. They must not fill the memory. */
const QUEUED_MESSAGES_MAX = 1_000

const duplex = (served: StreamMethodServed) => (call: ServerDuplexStream<object, object>) => {
  const incoming = serveStream(served, {
    peer: call.getPeer(),
    isFull: () => call.writableLength > QUEUED_MESSAGES_MAX,
    send: (message, written) => call.write(message, written),
    end: (error) => (error ? call.emit('error', toStatus(error)) : call.end()),
  })
  if (!incoming) return
  call.on('data', incoming.message)
  call.on('end', () => incoming.over('closed by the other end'))
  call.on('cancelled', () => incoming.over('the other end is gone'))
  // A status of this server has its words in `details`, and no `message`.
  call.on('error', (error: Error & { readonly details?: string }) => incoming.over(error.details ?? error.message))
}

/** Throws when a request breaks its rules. Requests are checked here, where they arrive, and nowhere else. */
function refuseWrong(method: MethodName, request: object): void {
  const wrong = wrongIn(method, 'request', request)
  if (wrong !== undefined) throw new RpcError('INVALID_ARGUMENT', wrong)
}

async function checked(handler: UnaryHandler, method: MethodName, request: object, asker: Asker): Promise<object> {
  refuseWrong(method, request)
  return handler(request, asker)
}

function reportBug(error: unknown, method: string, log: Logger): void {
  if (!(error instanceof RpcError)) log.error({ method, error: String((error as Error)?.stack ?? error) }, 'handler failed')
}
