import { ServerInterceptingCall, status, type ServerInterceptor } from '@grpc/grpc-js'
import { LIMITS } from '../domain/limits.ts'
import { systemClock } from '../runtime/clock.ts'
import { Gate, type Asker } from '../runtime/gate.ts'

/** Calls whose handling reads a file or asks another process, by the end of their path. Orders and elections never wait here. */
const LIMITED = /\/(Read|Status|Synchronize|Propagate)$/
/** Longer than anybody's deadline. */
const PATIENCE_MS = 60_000
const REFUSAL = { code: status.RESOURCE_EXHAUSTED, details: 'too many calls are waiting; try again' }

/**
 * Limits the costly calls that one connection has under way. Further ones wait until an answer has been taken. A call that is
 * cancelled meanwhile is not carried out. So one caller's flood does not keep the others waiting, and does not fill the
 * memory with answers that it does not read. Streams are not limited.
 */
export function limitCalls(): ServerInterceptor {
  const callers = new Map<string, Gate>()

  const gateOf = (peer: string): Gate => {
    const gate =
      callers.get(peer) ?? new Gate(systemClock, { placesMax: LIMITS.readsPerCallerMax, waitingMax: LIMITS.streamsPerConnectionMax })
    callers.set(peer, gate)
    return gate
  }

  return ({ path }, call) => {
    // Its type asks for more than grpc-js uses; a wrapper around each stream would cost every message of it.
    if (!LIMITED.test(path)) return call as ServerInterceptingCall
    const peer = call.getPeer()
    const ended = Promise.withResolvers<true>()
    const asker: { isGone: boolean } & Asker = { isGone: false }
    const enter = async (proceed: () => void): Promise<void> => {
      const gate = gateOf(peer)
      const work = () => {
        proceed()
        return ended.promise
      }
      const done = await gate.run(asker, PATIENCE_MS, work)
      if (gate.isIdle) callers.delete(peer)
      if (!done && !asker.isGone) call.sendStatus(REFUSAL)
    }
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => pass(metadata),
          onReceiveMessage: (message, pass) => pass(message),
          onReceiveHalfClose: (proceed) => void enter(proceed),
          onCancel: () => {
            asker.isGone = true
            ended.resolve(true)
          },
        }),
      // It comes when the messages before it are on their way.
      sendStatus: (told, next) => {
        next(told)
        ended.resolve(true)
      },
    })
  }
}
