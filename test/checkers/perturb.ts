import type { RejectionReason } from '../../src/domain/order.ts'
import type { Recording } from './history-file.ts'
import type { ListRead, LogEntry, Operation, OrderRead, Place, StockRead } from './history.ts'
import type { SeededRandom } from './seeded-random.ts'

const REASONS: readonly RejectionReason[] = ['stock-not-found', 'invalid-type', 'invalid-quantity', 'not-enough', 'level-limit']

/** Returns the recording with one small change, which may or may not break the promise. */
export function perturbed(random: SeededRandom, recording: Recording): Recording {
  const { operations, log } = recording
  if (log.length > 0 && random.chance(0.25)) return { ...recording, log: perturbedLog(random, log) }
  if (operations.length === 0) return recording
  const index = random.integer(0, operations.length - 1)
  const operation = operations[index]!
  if (random.chance(0.1)) return { ...recording, operations: operations.toSpliced(index, 1) }
  const changed = random.chance(0.4) ? moved(random, operation) : answeredOtherwise(random, operation)
  return { ...recording, operations: operations.with(index, changed) }
}

function moved(random: SeededRandom, operation: Operation): Operation {
  const start = operation.start + random.integer(-6, 6)
  return { ...operation, start, end: start + random.integer(0, 6) }
}

function perturbedLog(random: SeededRandom, log: readonly LogEntry[]): readonly LogEntry[] {
  const index = random.integer(0, log.length - 1)
  const entry = log[index]!
  const numbered = (entries: readonly LogEntry[]) => entries.map((each, number) => ({ ...each, number }))
  switch (random.integer(0, 5)) {
    case 0:
      return numbered(log.toSpliced(index, 1))
    case 1:
      return numbered(log.toSpliced(random.integer(0, log.length), 0, entry))
    case 2:
      return numbered(log.toSpliced(index, 1).toSpliced(random.integer(0, log.length - 1), 0, entry))
    case 3:
      return log.with(index, { ...entry, quantity: entry.quantity + random.integer(-1, 1) })
    case 4:
      return log.with(index, { ...entry, key: random.pick(log).key })
    default:
      return log.with(index, { ...entry, number: entry.number + random.integer(0, 1) })
  }
}

function answeredOtherwise(random: SeededRandom, operation: Operation): Operation {
  if (random.chance(0.15)) return { ...operation, outcome: { kind: 'unknown' } }
  switch (operation.kind) {
    case 'place':
      return placeOtherwise(random, operation)
    case 'stock':
      return stockOtherwise(random, operation)
    case 'order':
      return orderOtherwise(random, operation)
    case 'list':
      return listOtherwise(random, operation)
  }
}

function placeOtherwise(random: SeededRandom, call: Place): Place {
  switch (random.integer(0, 4)) {
    case 0:
      return { ...call, outcome: { kind: 'accepted', number: random.integer(0, 3) } }
    case 1:
      return { ...call, outcome: { kind: 'rejected', reason: random.pick(REASONS) } }
    case 2:
      return { ...call, outcome: { kind: 'key-reused' } }
    case 3:
      return { ...call, quantity: call.quantity + 1 }
    default:
      return { ...call, outcome: { kind: 'rejected', reason: call.type === 'buy' ? 'not-enough' : 'level-limit' } }
  }
}

function stockOtherwise(random: SeededRandom, read: StockRead): StockRead {
  const { outcome } = read
  if (outcome.kind !== 'found' || random.chance(0.1)) return { ...read, outcome: { kind: 'not-found' } }
  const { volume, ...shown } = outcome
  if (random.chance(0.3)) return { ...read, outcome: shown }
  if (volume !== undefined && random.chance(0.4)) {
    return { ...read, outcome: { ...outcome, volume: volume + random.integer(-2, 2) } }
  }
  return { ...read, outcome: { ...outcome, quantity: outcome.quantity + random.integer(-2, 2) } }
}

function orderOtherwise(random: SeededRandom, read: OrderRead): OrderRead {
  if (random.chance(0.5)) return { ...read, number: Math.max(0, read.number + random.integer(-1, 1)) }
  return { ...read, outcome: { kind: 'not-found' } }
}

function listOtherwise(random: SeededRandom, read: ListRead): ListRead {
  const { outcome } = read
  if (outcome.kind !== 'found' || random.chance(0.3)) return { ...read, limit: read.limit + 1 }
  const orders = random.chance(0.5) ? outcome.orders.slice(0, -1) : outcome.orders.slice(1)
  return { ...read, outcome: { kind: 'found', orders } }
}
