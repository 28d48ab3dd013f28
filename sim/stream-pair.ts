import type { StreamHandlers, StreamMethod } from '../src/wire/network.ts'
import type { Life } from './process.ts'

/** One process's end of a stream. */
export interface StreamEnd {
  readonly life: Life
  handlers: StreamHandlers<object>
  open: boolean
  /** When the last message to this end arrives. Streams keep their order. */
  arrivesAt: number
  /** Deliveries that wait for a cut to heal. */
  readonly held: (() => void)[]
}

/** One stream: the end that opened it, and the other end. */
export interface StreamPair {
  readonly method: StreamMethod
  readonly ends: readonly [StreamEnd, StreamEnd]
  /** True when a router on the way has forgotten the stream. Nothing arrives any more, not even that an end is closed. */
  isForgotten: boolean
}
