import { expect, test } from 'vitest'
import { ManualServedStream } from '../../test/manual-network.ts'
import { ERRORS } from '../domain/errors.ts'
import type { CatalogueToLeader, LeaderToCatalogue, LeadHello, LeadWelcome } from '../wire/messages.ts'
import { refusal } from '../wire/refusal.ts'
import { LeadStream } from './lead-stream.ts'

const HELLO: LeadHello = {
  replicaId: 3,
  address: 'order-3:1',
  clusterId: 'c-1',
  length: 0,
  digest: '',
  sealedGeneration: 1,
  lastGeneration: 0,
}
const WELCOME: LeadWelcome = { generation: 1, length: 0, published: 0 }
const REQUEST = { key: 'c:a', fingerprint: 'print', name: 'tesla', type: 'buy', quantity: 1 }

/** A leader's stream, and what its owner heard. */
function lead() {
  const heard: string[] = []
  let stream!: LeadStream
  const leader = new ManualServedStream<CatalogueToLeader, LeaderToCatalogue>((wire) => {
    stream = new LeadStream(wire, {
      greeted: (_stream, { replicaId }) => void heard.push(`hello ${replicaId}`),
      traded: (_stream, batch, requests) => void heard.push(`trade ${batch}: ${requests.map(({ key }) => key)}`),
      toPublish: (_stream, { position, unreachable }) => void heard.push(`publish ${position} without ${unreachable}`),
      toConfirm: (_stream, confirm) => void heard.push(`confirm ${confirm}`),
      gone: ({ isGone }) => void heard.push(`gone: ${isGone}`),
    })
    return stream.start()
  })
  return { leader, heard, stream }
}

/** One whose replica was welcomed. */
function welcomed() {
  const led = lead()
  led.leader.say({ hello: HELLO })
  led.stream.welcome(WELCOME)
  led.leader.sent.length = led.heard.length = 0
  return led
}

test('each message of a welcome leader becomes a call of the owner', () => {
  const { leader, heard } = welcomed()
  leader.say({ trade: { batch: 1, requests: [REQUEST] } })
  leader.say({ publish: { position: 1, unreachable: ['fe-1'] } })
  leader.say({ confirm: { confirm: 7 } })
  leader.close()
  expect(heard).toEqual(['trade 1: c:a', 'publish 1 without fe-1', 'confirm 7', 'gone: true'])
})

test('who does not say hello first is refused', () => {
  const { leader, heard } = lead()
  leader.say({ trade: { batch: 1, requests: [REQUEST] } })
  expect([leader.sent, heard]).toEqual([[{ refused: refusal('a leader says hello first') }], ['gone: true']])
})

test('nothing is asked for before the welcome', () => {
  const { leader, heard } = lead()
  leader.say({ hello: HELLO })
  leader.say({ publish: { position: 1, unreachable: [] } })
  expect([leader.sent, heard]).toEqual([[{ refused: refusal('a leader says hello first') }], ['hello 3', 'gone: true']])
})

test.each([
  ['before the welcome', lead],
  ['after it', welcomed],
])('a second hello ends the stream, and the owner does not hear of it: %s', (_when, open) => {
  const { leader, heard } = open()
  if (open === lead) leader.say({ hello: HELLO })
  heard.length = 0
  leader.say({ hello: { ...HELLO, replicaId: 2 } })
  expect([leader.sent, heard]).toEqual([[{ refused: refusal('a leader says hello once') }], ['gone: true']])
})

test('of a message with a second hello nothing is carried out', () => {
  const { leader, heard } = welcomed()
  leader.say({ hello: HELLO, trade: { batch: 1, requests: [REQUEST] } })
  expect(heard).toEqual(['gone: true'])
})

test('outcomes travel under the number of their batch', () => {
  const { leader, stream } = welcomed()
  const outcomes = [{ kind: 'accepted', number: 4, replayed: true }, { kind: 'key-reused' }] as const
  stream.deliver({ batch: 2, outcomes, entries: [], digest: undefined, published: 3, sessions: [] })
  const wire = [
    { number: 4, position: 0, replayed: true },
    { number: ERRORS.KEY_REUSED.wire, position: 0, replayed: false },
  ]
  expect(leader.sent).toEqual([{ decided: { batch: 2, outcomes: wire, entries: [], digest: '', published: 3, sessions: [] } }])
})

test('entries without outcomes belong to no batch', () => {
  const { leader, stream } = welcomed()
  stream.deliver({ batch: undefined, outcomes: [], entries: [], digest: 'after', published: 0, sessions: [] })
  expect(leader.sent).toMatchObject([{ decided: { batch: -1, digest: 'after' } }])
})

test('a refusal is the last that a leader hears', () => {
  const { leader, stream } = welcomed()
  const refused = refusal('another history', { differs: true })
  stream.refuse(refused)
  stream.published(1)
  expect([leader.sent, leader.isOpen, stream.isGone]).toEqual([[{ refused }], false, true])
})
