import { ServerInterceptingCall, status, type ServerInterceptor } from '@grpc/grpc-js'
import { LIMITS } from '../domain/limits.ts'
import { systemClock } from '../runtime/clock.ts'
import { Gate, type Asker } from '../runtime/gate.ts'

/** The end of the paths of calls that read a file or ask another process. Orders and elections never wait here. */
const LIMITED = /\/(Read|Status|Synchronize|Propagate)$/
/** How long a call waits for its turn. All callers give up sooner. */
const PATIENCE_MS = 60_000
const REFUSAL = { code: status.RESOURCE_EXHAUSTED, details: 'too many calls are waiting; try again' }

/**
 * Limits the costly calls that one connection has under way. Further calls wait until an answer has been taken. A call that
 * is cancelled while it waits is not carried out. So a caller that floods this process does not keep others waiting, and
 * does not fill the memory with answers that it does not read. Streams are not limited.
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
    // The type asks for more than grpc-js uses. A wrapper around a stream would cost time for each of its messages.
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
      // The status is sent once the messages before it are on their way.
      sendStatus: (told, next) => {
        next(told)
        ended.resolve(true)
      },
    })
  }
}
