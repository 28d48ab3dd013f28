import type { Life, SimProcess } from './process.ts'
import type { StreamPair } from './stream-pair.ts'

/** Sees what processes tell each other; for checks. */
export interface NetworkObserver {
  /** A message of a stream is sent. */
  sent?(from: Life, message: object, stream: StreamPair): void
  /** A message of a stream is about to be handled. */
  delivered?(to: Life, message: object, stream: StreamPair): void
  /** A message was refused where it arrived: it holds what no message may hold. */
  refused?(from: Life, wrong: string): void
  /** A caller gives up on a call whose answer had come to it in time: it had not read that yet. */
  gaveUpAnswered?(caller: Life): void
  /** A single call has its answer, which now goes back. */
  answered?(by: Life, caller: Life, method: string, response: unknown): void
}

/** Shows an observer only what these processes say and take. */
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
