import { StorageFailure, type Ledger, type ReadableLedger } from './ledger.ts'
import type { OrderLog } from './order-log.ts'

type Halt = (reason: Error) => void

/**
 * Returns the same log, but its first failure ends the process, whoever meets the failure (G3). Otherwise a caller that only
 * reads and tries again, such as a leader that connects, would try for ever.
 */
export function haltingOrderLog(log: OrderLog, halt: Halt): OrderLog {
  const watched = watcher(halt)
  return {
    head: () => log.head(),
    append: (entries, digest) => watched(log.append(entries, digest)),
    entry: (number) => watched(log.entry(number)),
    entries: (from, limit) => watched(log.entries(from, limit)),
    digestAt: (length) => watched(log.digestAt(length)),
    seal: (generation, genesis) => watched(log.seal(generation, genesis)),
    cut: (length) => watched(log.cut(length)),
    trouble: () => log.trouble(),
    close: () => log.close(),
  }
}

/** Returns the same ledger, but its first failure ends the process, whoever meets the failure (L3). */
export function haltingLedger(ledger: Ledger, halt: Halt): Ledger {
  const watched = watcher(halt)
  return {
    ...haltingReader(ledger, halt),
    decide: (rule, requests, timeMs, rejectedAtMs) => watched(ledger.decide(rule, requests, timeMs, rejectedAtMs)),
    recorded: (key) => watched(ledger.recorded(key)),
    notePublished: (position) => ledger.notePublished(position),
    flushPublished: () => watched(ledger.flushPublished()),
    raiseGeneration: (floor) => watched(ledger.raiseGeneration(floor)),
    rememberReplica: (...replicas) => watched(ledger.rememberReplica(...replicas)),
    forgetReplica: (...replicas) => watched(ledger.forgetReplica(...replicas)),
    newestRejectionMs: () => watched(ledger.newestRejectionMs()),
    pruneRejections: (timeMs) => watched(ledger.pruneRejections(timeMs)),
  }
}

/** Does the same for a ledger that is only read. */
export function haltingReader(ledger: ReadableLedger, halt: Halt): ReadableLedger {
  const watched = watcher(halt)
  return {
    head: () => ledger.head(),
    stocks: () => watched(ledger.stocks()),
    entries: (from, limit) => watched(ledger.entries(from, limit)),
    digestAt: (length) => watched(ledger.digestAt(length)),
    knownReplicas: () => watched(ledger.knownReplicas()),
    trouble: () => ledger.trouble(),
    close: () => ledger.close(),
  }
}

/** Makes a function that passes a promise on, and halts the process when the promise fails with a StorageFailure. */
const watcher =
  (halt: Halt) =>
  <T>(result: Promise<T>): Promise<T> => {
    result.catch((error: unknown) => {
      if (error instanceof StorageFailure) halt(error)
    })
    return result
  }
