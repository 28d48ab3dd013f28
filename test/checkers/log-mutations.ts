import { also, anAcknowledged, early, isAcknowledged, late, numbered, ofAcknowledged, ofEntry, readAt, type Mutation } from './breaking.ts'
import type { LogEntry, Place } from './history.ts'

/** Mutations to logs that differ from the answers, or that break the rules of logs. */
export const LOG_MUTATIONS: Readonly<Record<string, Mutation>> = {
  'an acknowledged order is lost': ofAcknowledged((_call, recording, number) => ({
    ...recording,
    log: numbered(recording.log.toSpliced(number, 1)),
  })),
  'the end of the log is lost': ofAcknowledged((_call, recording, number) => ({
    ...recording,
    log: recording.log.slice(0, number),
  })),
  'an order is doubled': ofEntry((entry, recording) => ({ ...recording, log: numbered([...recording.log, entry]) })),
  'two acknowledged orders change places': (random, recording) => {
    const [one, other] = [anAcknowledged(random, recording), anAcknowledged(random, recording)]
    if (!one || !other || one.outcome.number === other.outcome.number) return undefined
    return { ...recording, log: swapped(recording.log, one.outcome.number, other.outcome.number) }
  },
  // The earlier order was acknowledged, and now has the later number. So all orders below it were visible then. One of them is
  // the other order, which nobody had asked for yet.
  'two orders change places, and their answers with them': (random, recording) => {
    const first = anAcknowledged(random, recording)
    const second = recording.log.find((entry) => first && early(entry, recording).start > first.end)
    if (!first || !second) return undefined
    const [low, high] = [first.outcome.number, second.number]
    const operations = recording.operations.map((operation) => {
      if (!isAcknowledged(operation) || ![low, high].includes(operation.outcome.number)) return operation
      return { ...operation, outcome: { kind: 'accepted', number: low + high - operation.outcome.number } } as const
    })
    return { ...recording, operations, log: swapped(recording.log, low, high) }
  },
  'a hole in the numbers': ofEntry((entry, recording) => ({
    ...recording,
    log: recording.log.map((each) => (each.number < entry.number ? each : { ...each, number: each.number + 1 })),
  })),
  'an order that nobody sent': (random, recording) => {
    const { name } = random.pick(recording.opening)
    const entry = { number: recording.log.length, key: 'c:nobody', name, type: 'sell', quantity: 1 }
    return { ...recording, log: [...recording.log, entry] }
  },
  'an entry with the key of nobody': ofEntry((entry, recording) => ({
    ...recording,
    log: recording.log.with(entry.number, { ...entry, key: 'c:nobody' }),
  })),
  'an entry with content of its own': ofEntry((entry, recording) => ({
    ...recording,
    log: recording.log.with(entry.number, { ...entry, type: 'sell', quantity: 1_000_000 }),
  })),
  'a stock is oversold': (random, recording) => {
    const { name } = random.pick(recording.opening)
    const { outcome } = readAt(recording.log.length, name, recording, { start: 0, end: 0 })
    if (outcome.kind !== 'found') return undefined
    const order = { key: 'c:over', name, type: 'buy', quantity: outcome.quantity + 1 }
    const call: Place = { kind: 'place', ...order, ...late(recording), outcome: { kind: 'unknown' } }
    return { ...also(recording, call), log: [...recording.log, { number: recording.log.length, ...order }] }
  },
}

function swapped(log: readonly LogEntry[], one: number, other: number): readonly LogEntry[] {
  return numbered(log.with(one, log[other]!).with(other, log[one]!))
}
