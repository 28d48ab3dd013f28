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
import type { Logger } from '../runtime/logger.ts'
import { RpcError, type MessageStream, type RpcServer, type Services, type StreamHandlers } from '../runtime/network.ts'
import { SERVER_OPTIONS } from './channel-options.ts'
import { definitions, SERVICE_NAMES } from './definitions.ts'
import { toStatus } from './errors.ts'
import { widenServerWindows } from './flow-control.ts'
import { addReflection } from './reflection.ts'

type UnaryHandler = (request: object) => Promise<object>
type ServerStreamHandler = (request: object) => AsyncIterable<object>
type StreamOpener = (stream: MessageStream<object>) => StreamHandlers<object>

/**
 * Serves the given methods, the standard health service and reflection.
 * @throws Error when the port stays taken for two seconds.
 */
export async function serveGrpc(host: string, port: number, services: Services, log: Logger): Promise<RpcServer> {
  widenServerWindows()
  const server = new Server(SERVER_OPTIONS)
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
  return {
    port: bound,
    close: async (graceMs) => {
      health.setStatus('', 'NOT_SERVING')
      for (const end of streams) end()
      const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
      await Promise.race([closed, sleep(systemClock, graceMs)])
      server.forceShutdown()
    },
  }
}

function implementationOf(service: string, services: Services, streams: Set<() => void>, log: Logger): UntypedServiceImplementation {
  const implementation: UntypedServiceImplementation = {}
  const each = <H>(handlers: Partial<Record<string, unknown>>, wrap: (handler: H, method: string) => unknown) => {
    for (const [method, handler] of Object.entries(handlers)) {
      const [owner, name] = method.split('.') as [string, string]
      if (owner === service) implementation[name] = wrap(handler as H, method) as UntypedServiceImplementation[string]
    }
  }
  each<UnaryHandler>(services.unary, (handler, method) => unary(handler, method, log))
  each<ServerStreamHandler>(services.serverStreams, (handler, method) => serverStream(handler, method, log))
  each<StreamOpener>(services.streams, (handler) => duplex(handler, streams))
  return implementation
}

const unary =
  (handler: UnaryHandler, method: string, log: Logger) =>
  (call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>) => {
    handler(call.request).then(
      (response) => answer(null, response),
      (error: unknown) => {
        reportBug(error, method, log)
        answer(toStatus(error))
      },
    )
  }

const serverStream =
  (handler: ServerStreamHandler, method: string, log: Logger) => async (call: ServerWritableStream<object, object>) => {
    try {
      for await (const message of handler(call.request)) {
        if (call.cancelled) return
        if (!call.write(message)) await new Promise((resolve) => call.once('drain', resolve).once('close', resolve))
      }
      call.end()
    } catch (error) {
      reportBug(error, method, log)
      call.emit('error', toStatus(error))
    }
  }

/** A peer that leaves so many messages of its stream unread has stopped: what is meant for it must not fill the memory. */
const QUEUED_MESSAGES_MAX = 1_000

const duplex = (open: StreamOpener, streams: Set<() => void>) => (call: ServerDuplexStream<object, object>) => {
  let live = true
  const stop = () => end('this process is stopping')
  streams.add(stop)
  const end = (cause: string) => {
    if (!live) return
    live = false
    streams.delete(stop)
    call.end()
    handlers.closed(new RpcError('UNAVAILABLE', cause))
  }
  const handlers = open({
    send: (message) => {
      if (!live) return
      call.write(message)
      if (call.writableLength > QUEUED_MESSAGES_MAX) end('the other end does not read')
    },
    close: () => end('closed by this end'),
  })
  call.on('data', (message: object) => {
    if (live) handlers.message(message)
  })
  call.on('end', () => end('closed by the other end'))
  call.on('cancelled', () => end('the other end is gone'))
  call.on('error', (error: Error) => end(error.message))
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
