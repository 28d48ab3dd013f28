import type { FinalLog } from './final-log.ts'
import type { Findings } from './findings.ts'
import { describe, sameContent, type Content, type LogEntry, type Operation, type Place } from './history.ts'
import type { Step } from './real-time.ts'

/** The facts that calls with keys give, once each key has been compared with the log. */
export interface KeyFacts {
  /** When the first call that asked for each entry of the log began. */
  readonly firstStarts: Float64Array
  /** Answers that take a place in time: every acknowledgement, and one decision for each rejected key. */
  readonly steps: readonly Step[]
  /** The calls of each key that was refused as reused, and whose own order has no answer. */
  readonly unheard: readonly (readonly Place[])[]
}

interface KeyRecord {
  readonly calls: Place[]
  entry: LogEntry | undefined
}

/** Checks that every key has one outcome in all its calls, the same as in the log. */
export function checkKeys(history: readonly Operation[], log: FinalLog, findings: Findings): KeyFacts {
  const facts: GatheredFacts = { firstStarts: new Float64Array(log.entries.length), steps: [], unheard: [] }
  const keys = new KeyCheck(log, findings, facts)
  for (const { calls, entry } of recordsByKey(history, log, findings).values()) {
    if (findings.full) break
    if (entry) keys.checkAccepted(calls, entry)
    else keys.checkAbsent(calls)
  }
  return facts
}

function recordsByKey(history: readonly Operation[], log: FinalLog, findings: Findings): Map<string, KeyRecord> {
  const records = new Map<string, KeyRecord>()
  for (const entry of log.entries) {
    const twin = records.get(entry.key)?.entry
    if (!twin) records.set(entry.key, { calls: [], entry })
    else findings.add('key-once', [], `key ${entry.key} is in the log twice, at ${twin.number} and ${entry.number}`)
  }
  for (const operation of history) {
    if (operation.kind !== 'place') continue
    const record = records.get(operation.key)
    if (record) record.calls.push(operation)
    else records.set(operation.key, { calls: [operation], entry: undefined })
  }
  return records
}

/** {@link KeyFacts} as they are gathered. */
interface GatheredFacts {
  readonly firstStarts: Float64Array
  readonly steps: Step[]
  readonly unheard: (readonly Place[])[]
}

class KeyCheck {
  readonly #log: FinalLog
  readonly #findings: Findings
  readonly #facts: GatheredFacts

  constructor(log: FinalLog, findings: Findings, facts: GatheredFacts) {
    this.#log = log
    this.#findings = findings
    this.#facts = facts
  }

  /** Checks the calls with a key that is in the log. */
  checkAccepted(calls: readonly Place[], entry: LogEntry): void {
    const sent = calls.filter((call) => sameContent(call, entry))
    const words = `entry ${entry.number} of the log (${entry.type} ${entry.quantity} ${entry.name}, key ${entry.key})`
    if (sent.length === 0) {
      const why = calls.length === 0 ? 'nobody sent' : 'that key came with other content only in'
      this.#findings.add('log-sent', calls, `${words}: ${why}`)
    }
    this.#facts.firstStarts[entry.number] = earliestStart(sent)
    for (const call of calls) {
      if (call.outcome.kind === 'accepted') this.#checkAcknowledged(call, entry, words)
      else if (call.outcome.kind === 'rejected') {
        this.#findings.add('rejected-absent', [call], `${describe(call)}, yet ${words}`)
      }
    }
    this.#checkReused(calls, entry, sent)
  }

  #checkAcknowledged(call: Place, entry: LogEntry, words: string): void {
    const kept = call.outcome.kind === 'accepted' && call.outcome.number === entry.number && sameContent(call, entry)
    if (kept) this.#facts.steps.push({ operation: call, start: call.start, end: call.end })
    else this.#findings.add('acknowledged-kept', [call], `${describe(call)}, yet ${words}`)
  }

  /** Checks the calls with a key that is not in the log. */
  checkAbsent(calls: readonly Place[]): void {
    const answered = calls.filter(({ outcome }) => outcome.kind === 'accepted' || outcome.kind === 'rejected')
    const decided = answered.find(({ outcome }) => outcome.kind === 'rejected')
    for (const call of answered) {
      if (call.outcome.kind === 'accepted') {
        const words = `${describe(call)}, yet the log has no entry with that key`
        this.#findings.add('acknowledged-kept', decided ? [call, decided] : [call], words)
      }
    }
    if (decided) this.#checkRejected(calls, answered, decided)
    else if (calls.some(({ outcome }) => outcome.kind === 'key-reused')) this.#facts.unheard.push(calls)
  }

  /** Checks that all rejections of a key repeat one decision, made after its first call began and before its first answer. */
  #checkRejected(calls: readonly Place[], answered: readonly Place[], decided: Place): void {
    const same = calls.filter((call) => sameContent(call, decided))
    let end = Infinity
    for (const call of answered) {
      end = Math.min(end, call.end)
      if (isSameRejection(call, decided)) continue
      const words = `one key, two outcomes: ${describe(decided)}; ${describe(call)}`
      this.#findings.add('one-outcome', [decided, call], words)
    }
    const reason = decided.outcome.kind === 'rejected' ? decided.outcome.reason : undefined
    if (this.#log.firstRejecting(0, decided, reason) === undefined) {
      this.#findings.add('rejection-true', [decided], `${describe(decided)}: that reason never held`)
    } else this.#facts.steps.push({ operation: decided, start: earliestStart(same), end })
    this.#checkReused(calls, decided, same)
  }

  /** Checks that a key is refused only for other content than that of its order, and only once that order has been sent. */
  #checkReused(calls: readonly Place[], holder: Content, sent: readonly Place[]): void {
    const taken = earliestStart(sent)
    for (const call of calls) {
      if (call.outcome.kind !== 'key-reused') continue
      if (sameContent(call, holder)) {
        this.#findings.add('key-reuse', [call], `${describe(call)}: the key has this very content`)
      } else if (taken > call.end) {
        const words = `${describe(call)}: no other order had the key yet`
        this.#findings.add('key-reuse', [call, ...sent.slice(0, 1)], words)
      }
    }
  }
}

function isSameRejection(call: Place, decided: Place): boolean {
  const [one, other] = [call.outcome, decided.outcome]
  // An acceptance has been reported as lost already.
  if (one.kind !== 'rejected' || other.kind !== 'rejected') return true
  return one.reason === other.reason && sameContent(call, decided)
}

/**
 * Checks a key that was refused as reused, and is not in the log. The order that took the key got no answer, so it must have
 * been rejected. Some content was sent before the first refusal, was not itself refused, and had a reason for a rejection
 * after it was sent.
 */
export function checkUnheard(calls: readonly Place[], log: FinalLog, visibleBefore: (time: number) => number, findings: Findings): void {
  const reused = calls.filter(({ outcome }) => outcome.kind === 'key-reused')
  const refused = new Set(reused.map(contentKey))
  const firstRefusal = reused.reduce((earliest, { end }) => Math.min(earliest, end), Infinity)
  const candidates = new Map<string, Place>()
  for (const call of calls) {
    const content = contentKey(call)
    const earliest = candidates.get(content)?.start ?? Infinity
    if (!refused.has(content) && call.start < earliest) candidates.set(content, call)
  }
  for (const call of candidates.values()) {
    const rejectable = log.firstRejecting(visibleBefore(call.start), call) !== undefined
    if (call.start <= firstRefusal && rejectable) return
  }
  const words = `key ${reused[0]?.key} was refused as reused, but no order can have had it`
  findings.add('key-reuse', reused, `${words}: none is in the log, none can have been rejected`)
}

const contentKey = ({ name, type, quantity }: Content): string => JSON.stringify([name, type, quantity])

/** Returns the earliest start. Without any call, nothing precedes it, so that nothing is reported twice. */
function earliestStart(calls: readonly Place[]): number {
  let earliest = calls.length === 0 ? -Infinity : Infinity
  for (const { start } of calls) earliest = Math.min(earliest, start)
  return earliest
}
