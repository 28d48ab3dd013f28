import { also, aRejected, instead, late, ofAcknowledged, readAt, type Mutation } from './breaking.ts'
import type { Recording } from './history-file.ts'
import type { Place } from './history.ts'

/** Answers to orders that no log allows. */
export const ANSWER_MUTATIONS: Readonly<Record<string, Mutation>> = {
  'an order is renumbered': ofAcknowledged((call, recording, number) =>
    instead(recording, call, { ...call, outcome: { kind: 'accepted', number: number + 1 } }),
  ),
  'a replay has another number': ofAcknowledged((call, recording, number) =>
    also(recording, { ...call, ...late(recording), outcome: { kind: 'accepted', number: number + 1 } }),
  ),
  'a replay is rejected': ofAcknowledged((call, recording) =>
    also(recording, { ...call, ...late(recording), outcome: { kind: 'rejected', reason: 'not-enough' } }),
  ),
  'a replay is refused as reused': ofAcknowledged((call, recording) =>
    also(recording, { ...call, ...late(recording), outcome: { kind: 'key-reused' } }),
  ),
  'other content is accepted under a used key': ofAcknowledged((call, recording) =>
    also(recording, { ...call, ...late(recording), quantity: call.quantity + 1 }),
  ),
  'rejected, yet in the log': ofAcknowledged((call, recording) =>
    instead(recording, call, { ...call, outcome: { kind: 'rejected', reason: 'not-enough' } }),
  ),
  'rejected first, accepted later': (random, recording) => {
    const call = aRejected(random, recording)
    return call && also(recording, { ...call, ...late(recording), outcome: { kind: 'accepted', number: 0 } })
  },
  'rejected for another reason later': (random, recording) => {
    const call = aRejected(random, recording)
    if (call?.outcome.kind !== 'rejected') return undefined
    const reason = call.outcome.reason === 'not-enough' ? 'level-limit' : 'not-enough'
    return also(recording, { ...call, ...late(recording), outcome: { kind: 'rejected', reason } })
  },
  'not enough, though there always was': (random, recording) => {
    const { name, quantity } = random.pick(recording.opening)
    const levels = recording.log.map((_, number) => readAt(number + 1, name, recording, { start: 0, end: 0 }).outcome)
    const least = Math.min(quantity, ...levels.map((outcome) => (outcome.kind === 'found' ? outcome.quantity : 0)))
    return least > 0 ? also(recording, rejectedPlace(recording, name, least, 'not-enough')) : undefined
  },
  'a stock that exists is not found': (random, recording) =>
    also(recording, rejectedPlace(recording, random.pick(recording.opening).name, 1, 'stock-not-found')),
  'a key refused as reused that was never used': (random, recording) => {
    const call = rejectedPlace(recording, random.pick(recording.opening).name, 1, 'not-enough')
    return also(recording, { ...call, outcome: { kind: 'key-reused' } })
  },
}

function rejectedPlace(recording: Recording, name: string, quantity: number, reason: 'not-enough' | 'stock-not-found'): Place {
  const order = { kind: 'place', key: 'c:fresh', name, type: 'buy', quantity } as const
  return { ...order, ...late(recording), outcome: { kind: 'rejected', reason } }
}
