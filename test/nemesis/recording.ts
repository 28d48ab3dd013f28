import type { OrderData } from '../../src/http/types.ts'
import type { Answer, BazaarClient } from '../../src/http/client.ts'
import type { Operation } from '../checkers/history.ts'

/** A time during which one client had no definite answer, in ms of `performance.now()`. */
export interface Pause {
  readonly startMs: number
  readonly endMs: number
}

export interface Unknown {
  readonly kind: 'unknown'
}

/** Answers that a fault excuses: a refusal that says "not now", or a broken connection. */
const EXCUSED = /^503 (?!with an unexpected body)|^(?!\d{3} |Parse Error(?!.*EOF))/

/** The observations of the clients of one system. */
export class Recording {
  readonly operations: Operation[] = []
  readonly acknowledged = new Map<number, OrderData>()
  readonly pauses: Pause[] = []
  /** Answers that no fault excuses, such as a 500. */
  readonly wrong: string[] = []

  /** Makes a call, and notes its begin, its end and its outcome. */
  async record<O extends Operation['outcome']>(call: object, ask: () => Promise<O>): Promise<{ outcome: O; start: number; end: number }> {
    const start = performance.now()
    const outcome = await ask()
    const end = performance.now()
    this.operations.push({ ...call, start, end: outcome.kind === 'unknown' ? Infinity : end, outcome } as Operation)
    return { outcome, start, end }
  }

  /** Returns the outcome of a lookup. */
  found<T, F>(answer: Answer<T>, outcomeOf: (value: T) => F): F | { readonly kind: 'not-found' } | Unknown {
    if (answer.kind === 'ok') return outcomeOf(answer.value)
    if (answer.kind === 'unknown') return this.unknownBecause(answer.cause)
    return answer.status === 404 ? { kind: 'not-found' } : this.refused(answer)
  }

  /** Notes a 4xx that is wrong for this call. */
  refused(answer: object): Unknown {
    this.wrong.push(`refused: ${JSON.stringify(answer)}`)
    return { kind: 'unknown' }
  }

  unknownBecause(cause: string): Unknown {
    if (!EXCUSED.test(cause)) this.wrong.push(cause)
    return { kind: 'unknown' }
  }
}

/** Reads the stock and records it. */
export function readStock(recording: Recording, connection: BazaarClient, name: string) {
  return recording.record({ kind: 'stock', name }, async () =>
    recording.found(await connection.stock(name), ({ price, quantity }) => ({ kind: 'found', price, quantity })),
  )
}

/** Reads the order and records it. */
export function readOrder(recording: Recording, connection: BazaarClient, number: number) {
  return recording.record({ kind: 'order', number }, async () =>
    recording.found(await connection.order(number), ({ name, type, quantity }) => ({ kind: 'found', name, type, quantity })),
  )
}
