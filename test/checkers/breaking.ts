import { BazaarModel } from './bazaar-model.ts'
import type { Recording } from './history-file.ts'
import { sameContent, type LogEntry, type Operation, type Place, type StockRead } from './history.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Breaks a recording that kept the promise. Returns undefined when it has nothing to break in this way. */
export type Mutation = (random: SeededRandom, recording: Recording) => Recording | undefined

interface Moment {
  readonly start: number
  readonly end: number
}

type Acknowledged = Place & { readonly outcome: { readonly kind: 'accepted'; readonly number: number } }

export const isAcknowledged = (operation: Operation): operation is Acknowledged =>
  operation.kind === 'place' && operation.outcome.kind === 'accepted'

export function anAcknowledged(random: SeededRandom, { operations }: Recording): Acknowledged | undefined {
  const all = operations.filter(isAcknowledged)
  return all.length > 0 ? random.pick(all) : undefined
}

export function aRejected(random: SeededRandom, { operations }: Recording): Place | undefined {
  const all = operations.filter((operation) => operation.kind === 'place' && operation.outcome.kind === 'rejected')
  return all.length > 0 ? (random.pick(all) as Place) : undefined
}

/** Returns a moment after all calls. */
export function late({ operations }: Recording): Moment {
  const times = operations.flatMap(({ start, end }) => (end < Infinity ? [start, end] : [start]))
  const time = Math.max(0, ...times) + 1
  return { start: time, end: time }
}

/** Returns a moment before anybody had asked for the entry. */
export function early(entry: LogEntry, { operations }: Recording): Moment {
  const sent = operations.filter((each) => each.kind === 'place' && each.key === entry.key && sameContent(each, entry))
  const time = Math.min(...sent.map(({ start }) => start)) - 0.5
  return { start: time, end: time }
}

/** Returns a read that shows the stock as the first `position` entries leave it. Its volume fits no other state. */
export function readAt(position: number, name: string, recording: Recording, time: Moment): StockRead {
  const { log, opening } = recording
  const model = new BazaarModel(opening)
  for (const entry of log.slice(0, position)) model.place(entry)
  return { kind: 'stock', name, ...time, outcome: model.stock({ name }, true) }
}

export const also = (recording: Recording, ...more: Operation[]): Recording => ({
  ...recording,
  operations: [...recording.operations, ...more],
})

export const numbered = (entries: readonly LogEntry[]): readonly LogEntry[] => entries.map((entry, number) => ({ ...entry, number }))

export const instead = (recording: Recording, old: Operation, changed: Operation): Recording => ({
  ...recording,
  operations: recording.operations.map((operation) => (operation === old ? changed : operation)),
})

/** Makes a mutation that changes an acknowledged order. */
export const ofAcknowledged =
  (mutate: (call: Acknowledged, recording: Recording, number: number) => Recording | undefined): Mutation =>
  (random, recording) => {
    const call = anAcknowledged(random, recording)
    return call && mutate(call, recording, call.outcome.number)
  }

/** Makes a mutation that changes any entry of the log. */
export const ofEntry =
  (mutate: (entry: LogEntry, recording: Recording) => Recording | undefined): Mutation =>
  (random, recording) =>
    recording.log.length > 0 ? mutate(random.pick(recording.log), recording) : undefined
