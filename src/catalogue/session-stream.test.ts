import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { ManualServedStream } from '../../test/manual-network.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue } from '../wire/messages.ts'
import { SessionStream } from './session-stream.ts'

const HELLO = { frontEndId: 'fe-1', address: '127.0.0.1:8080', caching: true, replicas: [] }

/** A front end's stream. What it said is in `sent`, what its owner heard in `heard`. */
function session() {
  const heard: string[] = []
  let stream!: SessionStream
  const frontEnd = new ManualServedStream<CatalogueToFrontEnd, FrontEndToCatalogue>((wire) => {
    stream = new SessionStream(new ManualClock(), wire, {
      greeted: (_stream, { frontEndId }) => void heard.push(`hello ${frontEndId}`),
      renewed: (_stream, ask) => void heard.push(`renew ${ask}`),
      ended: () => void heard.push('ended'),
      shown: () => undefined,
      gone: ({ frontEndId }) => void heard.push(`gone ${frontEndId}`),
    })
    return stream.start()
  })
  return { frontEnd, sent: frontEnd.sent, heard, stream }
}

test('who says who it is has its name, to the end of the stream', () => {
  const { heard, frontEnd } = session()
  frontEnd.say({ hello: HELLO })
  frontEnd.say({ renew: { ask: 1 } })
  frontEnd.close()
  expect(heard).toEqual(['hello fe-1', 'renew 1', 'gone fe-1'])
})

test('a second name on one stream ends it', () => {
  const { heard, frontEnd, stream } = session()
  frontEnd.say({ hello: HELLO })
  frontEnd.say({ hello: { ...HELLO, frontEndId: 'fe-2' }, renew: { ask: 1 } })
  expect(heard).toEqual(['hello fe-1', 'gone fe-1'])
  expect(stream.frontEndId).toBe('fe-1')
})

test('while nothing may be shown the answer says so', () => {
  const { sent, frontEnd } = session()
  frontEnd.say({ query: { query: 4, names: ['tesla'] } })
  expect(sent).toEqual([{ answer: { query: 4, stocks: [], position: -1, more: false } }])
})

test('no lease is a grant of no length', () => {
  const { sent, stream } = session()
  stream.grant({ ask: 2, clusterId: 'c-1', lease: undefined })
  expect(sent).toEqual([{ grant: { ask: 2, session: 0, leaseMs: 0, clusterId: 'c-1' } }])
})
