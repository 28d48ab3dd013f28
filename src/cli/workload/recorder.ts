import type { Answer, PlaceAnswer } from '../../http/client.ts'
import type { Clock } from '../../runtime/clock.ts'
import { Pauses, type Pause } from './pauses.ts'
import { Retries, type Burst } from './retries.ts'
import type { TimelineFile, TimelineRow } from './timeline-file.ts'
import type { Asking } from './trader.ts'

/** How a run went over time. */
export interface Course {
  /** null when no order had to wait. */
  readonly longestPause: Pause | null
  readonly retries: { readonly times: number; readonly bursts: readonly Burst[] }
}

/** Records when the traders of one run asked for what, and for how long they waited. */
export class Recorder {
  readonly #clock: Clock
  readonly #file: TimelineFile | undefined
  readonly #pauses: Pauses
  readonly #retries = new Retries()

  constructor(clock: Clock, file: TimelineFile | undefined) {
    this.#clock = clock
    this.#file = file
    this.#pauses = new Pauses(clock)
  }

  /** See {@link TraderObserver}. */
  asks(asking: Asking): (answer: Answer<unknown> | PlaceAnswer) => void {
    const [atMs, sinceMs] = [this.#clock.wallMs(), this.#clock.monotonicMs()]
    const isOrder = asking.operation === 'trade'
    if (isOrder) this.#pauses.begin()
    return (answer) => {
      if (isOrder) this.#pauses.end(answer.kind !== 'unknown')
      this.#file?.add(rowOf(asking, answer, atMs, this.#clock.monotonicMs() - sinceMs))
    }
  }

  /** A request is sent again. */
  repeats(cause: string): void {
    this.#retries.add(this.#clock.wallMs(), cause)
  }

  course(): Course {
    return { longestPause: this.#pauses.longest ?? null, retries: this.#retries.summary() }
  }
}

function rowOf(
  { operation, name = '', order, number }: Asking,
  answer: Answer<unknown> | PlaceAnswer,
  atMs: number,
  tookMs: number,
): TimelineRow {
  return {
    time: new Date(atMs).toISOString(),
    operation,
    tookMs: Math.round(tookMs * 1_000) / 1_000,
    outcome: answer.kind,
    name,
    type: order?.type ?? '',
    quantity: order?.quantity ?? '',
    number: number ?? ('number' in answer ? answer.number : ''),
    cause: answer.kind === 'ok' ? '' : answer.kind === 'refused' ? answer.message : answer.cause,
  }
}
