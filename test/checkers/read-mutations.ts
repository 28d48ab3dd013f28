import { also, early, late, ofAcknowledged, ofEntry, readAt, type Mutation } from './breaking.ts'
import { sameContent } from './history.ts'

/** Mutations that add reads of a state that never was, is not yet, or is no longer. */
export const READ_MUTATIONS: Readonly<Record<string, Mutation>> = {
  'a stale read': ofAcknowledged((call, recording, number) => also(recording, readAt(number, call.name, recording, late(recording)))),
  'a read of the future': ofEntry((entry, recording) =>
    also(recording, readAt(entry.number + 1, entry.name, recording, early(entry, recording))),
  ),
  'a read older than one before it': ofEntry((entry, recording) => {
    const { start, end } = late(recording)
    const newer = readAt(entry.number + 1, entry.name, recording, { start, end })
    return also(recording, newer, readAt(entry.number, entry.name, recording, { start: start + 1, end: end + 1 }))
  }),
  'quantity and volume of different times': ofEntry((entry, recording) => {
    const [before, after] = [0, 1].map((more) => readAt(entry.number + more, entry.name, recording, late(recording)))
    if (before?.outcome.kind !== 'found' || after?.outcome.kind !== 'found') return undefined
    const { volume } = after.outcome
    return also(recording, { ...before, outcome: { ...before.outcome, ...(volume !== undefined && { volume }) } })
  }),
  'a wrong price': (random, recording) => {
    const read = readAt(recording.log.length, random.pick(recording.opening).name, recording, late(recording))
    if (read.outcome.kind !== 'found') return undefined
    return also(recording, { ...read, outcome: { ...read.outcome, price: read.outcome.price + 0.01 } })
  },
  'a stock disappears': (random, recording) => {
    const { name } = random.pick(recording.opening)
    return also(recording, { kind: 'stock', name, ...late(recording), outcome: { kind: 'not-found' } })
  },
  'a stock appears': (_random, recording) => {
    const outcome = { kind: 'found', price: 1, quantity: 1000 } as const
    return also(recording, { kind: 'stock', name: 'nothing', ...late(recording), outcome })
  },
  '404 after the acknowledgement': ofAcknowledged((_call, recording, number) =>
    also(recording, { kind: 'order', number, ...late(recording), outcome: { kind: 'not-found' } }),
  ),
  '404 after it was shown': (random, recording) => {
    const shown = recording.operations.filter(({ kind, outcome }) => kind === 'order' && outcome.kind === 'found')
    const read = shown.length > 0 ? random.pick(shown) : undefined
    if (read?.kind !== 'order') return undefined
    return also(recording, { ...read, start: read.end + 0.5, end: read.end + 0.5, outcome: { kind: 'not-found' } })
  },
  'an order with other content': ofEntry(({ number, name, type, quantity }, recording) => {
    const outcome = { kind: 'found', name, type, quantity: quantity + 1 } as const
    return also(recording, { kind: 'order', number, ...late(recording), outcome })
  }),
  'an order under the number of another': (random, recording) => {
    const last = recording.log.at(-1)
    const other = recording.log.findLast((entry) => last && !sameContent(entry, last))
    if (!last || !other) return undefined
    const { name, type, quantity } = random.chance(0.5) ? last : other
    const number = quantity === last.quantity && name === last.name && type === last.type ? other.number : last.number
    const outcome = { kind: 'found', name, type, quantity } as const
    return also(recording, { kind: 'order', number, ...late(recording), outcome })
  },
  'an order is shown before it was asked for': ofEntry((entry, recording) => {
    const { number, name, type, quantity } = entry
    const outcome = { kind: 'found', name, type, quantity } as const
    return also(recording, { kind: 'order', number, ...early(entry, recording), outcome })
  }),
  'a listing ends too soon': ofAcknowledged((_call, recording, number) => {
    const outcome = { kind: 'found', orders: [] } as const
    return also(recording, { kind: 'list', after: number - 1, limit: 5, ...late(recording), outcome })
  }),
  'a listing with a gap': (_random, recording) => {
    const [first, , third] = recording.log
    if (!first || !third) return undefined
    const outcome = { kind: 'found', orders: [first, third] } as const
    return also(recording, { kind: 'list', after: -1, limit: 2, ...late(recording), outcome })
  },
  'a listing of more than was asked for': (_random, recording) => {
    const outcome = { kind: 'found', orders: recording.log.slice(0, 2) } as const
    return recording.log.length < 2 ? undefined : also(recording, { kind: 'list', after: -1, limit: 1, ...late(recording), outcome })
  },
  'a listing of the future': ofEntry((entry, recording) => {
    const outcome = { kind: 'found', orders: [entry] } as const
    return also(recording, { kind: 'list', after: entry.number - 1, limit: 1, ...early(entry, recording), outcome })
  }),
}
