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
import { joinAddress } from '../runtime/address.ts'
import { sleep, systemClock } from '../runtime/clock.ts'
import { whilePortIsTaken } from '../runtime/listening.ts'
import type { Asker } from '../runtime/gate.ts'
import type { Logger } from '../runtime/logger.ts'
import type { RpcServer, ServedStream, Services, StreamHandlers } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { limitCalls } from './call-limits.ts'
import { SERVER_OPTIONS } from './channel-options.ts'
import { tendServerSessions } from './client-watch.ts'
import { definitions, SERVICE_NAMES, wrongIn, type MethodName } from './definitions.ts'
import { toStatus } from './errors.ts'
import { addReflection } from './reflection.ts'
import { StreamRoom } from './stream-room.ts'
import { UnreadStreams } from './unread-streams.ts'

type UnaryHandler = (request: object, asker: Asker) => Promise<object>
type ServerStreamHandler = (request: object, asker: Asker) => AsyncIterable<object>
type StreamOpener = (stream: ServedStream<object>) => StreamHandlers<object>

/**
 * Serves the given methods, the standard health service and reflection.
 * @throws Error when the port stays taken for two seconds.
 */
export async function serveGrpc(host: string, port: number, services: Services, log: Logger): Promise<RpcServer> {
  tendServerSessions()
  const server = new Server({ ...SERVER_OPTIONS, interceptors: [limitCalls()] })
  const streams = new Set<() => void>()
  const served = SERVICE_NAMES.filter((name) => {
    const implementation = implementationOf(name, services, streams, log)
    if (Object.keys(implementation).length === 0) return false
    server.addService(definitions[name] as ServiceDefinition, implementation)
    return true
  })
  const health = new HealthImplementation({ '': 'SERVING' })
  health.addToServer(server)
  addReflection(server, served)
  const bound = await bind(server, host, port)
  const unread = new UnreadStreams(bound, log)
  unread.start()
  return {
    port: bound,
    close: async (graceMs) => {
      health.setStatus('', 'NOT_SERVING')
      for (const end of streams) end()
      const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
      await Promise.race([closed, sleep(systemClock, graceMs)])
      server.forceShutdown()
      unread.close()
    },
  }
}

function implementationOf(service: string, services: Services, streams: Set<() => void>, log: Logger): UntypedServiceImplementation {
  const implementation: UntypedServiceImplementation = {}
  const each = <H>(handlers: Partial<Record<string, unknown>>, wrap: (handler: H, method: MethodName) => unknown) => {
    for (const [method, handler] of Object.entries(handlers)) {
      const [owner, name] = method.split('.') as [string, string]
      if (owner === service) implementation[name] = wrap(handler as H, method as MethodName) as UntypedServiceImplementation[string]
    }
  }
  each<UnaryHandler>(services.unary, (handler, method) => unary(handler, method, log))
  each<ServerStreamHandler>(services.serverStreams, (handler, method) => serverStream(handler, method, log))
  each<StreamOpener>(services.streams, (handler, method) => duplex(handler, { method, streams, log, room: new StreamRoom(systemClock) }))
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

const NO_STREAM_ROOM = new RpcError('RESOURCE_EXHAUSTED', 'too many streams are open')

interface DuplexContext {
  readonly method: MethodName
  /** Ends each stream of this server. */
  readonly streams: Set<() => void>
  /** The limit for all streams to the same handler. */
  readonly room: StreamRoom
  readonly log: Logger
}

const duplex =
  (open: StreamOpener, { method, streams, room, log }: DuplexContext) =>
  (call: ServerDuplexStream<object, object>) => {
    let live = true
    const stop = () => end('this process is stopping')
    let unwritten = 0
    let waiting: (() => void)[] = []
    const settle = () => {
      for (const resolve of waiting) resolve()
      waiting = []
    }
    const written = () => {
      unwritten -= 1
      if (unwritten === 0) settle()
    }
    const end = (cause: string) => {
      if (!live) return
      live = false
      room.left(end)
      settle()
      streams.delete(stop)
      call.end()
      handlers.closed(new RpcError('UNAVAILABLE', cause))
    }
    if (!room.take(end)) return void call.emit('error', toStatus(NO_STREAM_ROOM))
    streams.add(stop)
    const handlers = open({
      send: (message) => {
        if (!live) return
        unwritten += 1
        call.write(message, written)
        if (call.writableLength > QUEUED_MESSAGES_MAX) end('the other end does not read')
      },
      close: () => end('closed by this end'),
      drained: () => (live && unwritten > 0 ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
    })
    call.on('data', (message: object) => {
      if (!live) return
      room.heard(end)
      const wrong = wrongIn(method, 'request', message)
      if (wrong === undefined) return handlers.message(message)
      log.warn({ method, peer: call.getPeer(), wrong }, 'a message was refused, its stream is ended')
      call.emit('error', toStatus(new RpcError('INVALID_ARGUMENT', wrong)))
    })
    call.on('end', () => end('closed by the other end'))
    call.on('cancelled', () => end('the other end is gone'))
    // A status of this server has its words in `details`, and no `message`.
    call.on('error', (error: Error & { readonly details?: string }) => end(error.details ?? error.message))
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

async function bind(server: Server, host: string, port: number): Promise<number> {
  const address = joinAddress(host, port)
  const tryOnce = () =>
    new Promise<number>((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)))
    })
  try {
    return await whilePortIsTaken(systemClock, tryOnce)
  } catch (error) {
    throw new Error(`cannot listen on ${address}: ${(error as Error).message}`)
  }
}
