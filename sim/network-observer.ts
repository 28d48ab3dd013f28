import type { Life, SimProcess } from './process.ts'
import type { StreamPair } from './stream-pair.ts'

/** Sees what processes tell each other. Checks are such observers. */
export interface NetworkObserver {
  /** Called when a message of a stream is sent. */
  sent?(from: Life, message: object, stream: StreamPair): void
  /** Called when a message of a stream is about to be handled. */
  delivered?(to: Life, message: object, stream: StreamPair): void
  /** Called when a message was refused where it arrived, since it breaks a rule. */
  refused?(from: Life, wrong: string): void
  /** Called when a caller gives up on a call whose answer had arrived in time, but had not been read. */
  gaveUpAnswered?(caller: Life): void
  /** Called when a single call was answered, and the answer goes back. */
  answered?(by: Life, caller: Life, method: string, response: unknown): void
}

/** Returns an observer that sees only what these processes send and take. */
export const onlyOf = (processes: readonly SimProcess[], observer: NetworkObserver): NetworkObserver => ({
  sent: (from, message, stream) => {
    if (processes.includes(from.process)) observer.sent?.(from, message, stream)
  },
  delivered: (to, message, stream) => {
    if (processes.includes(to.process)) observer.delivered?.(to, message, stream)
  },
  gaveUpAnswered: (caller) => {
    if (processes.includes(caller.process)) observer.gaveUpAnswered?.(caller)
  },
  answered: (by, caller, method, response) => {
    if (processes.includes(by.process)) observer.answered?.(by, caller, method, response)
  },
})
