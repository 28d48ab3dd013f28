import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue } from '../wire/messages.ts'
import { SessionStream } from './session-stream.ts'

const HELLO = { frontEndId: 'fe-1', address: '127.0.0.1:8080', caching: true, replicas: [] }

/** A front end's stream. What it said is in `sent`, what its owner heard in `heard`. */
function session() {
  const sent: CatalogueToFrontEnd[] = []
  const heard: string[] = []
  const wire = {
    send: (message: CatalogueToFrontEnd) => void sent.push(message),
    close: () => void heard.push('closed'),
    drained: () => Promise.resolve(),
  }
  const stream = new SessionStream(new ManualClock(), wire, {
    greeted: (_stream, { frontEndId }) => void heard.push(`hello ${frontEndId}`),
    renewed: (_stream, ask) => void heard.push(`renew ${ask}`),
    ended: () => void heard.push('ended'),
    shown: () => undefined,
    gone: ({ frontEndId }) => void heard.push(`gone ${frontEndId}`),
  })
  const { message, closed } = stream.start()
  const says = (what: Partial<FrontEndToCatalogue>) => message(what as FrontEndToCatalogue)
  return { sent, heard, says, closed, stream }
}

test('who says who it is has its name, to the end of the stream', () => {
  const { heard, says, closed } = session()
  says({ hello: HELLO })
  says({ renew: { ask: 1 } })
  closed(new Error('over') as never)
  expect(heard).toEqual(['hello fe-1', 'renew 1', 'gone fe-1'])
})

test('a second name on one stream ends it', () => {
  const { heard, says, stream } = session()
  says({ hello: HELLO })
  says({ hello: { ...HELLO, frontEndId: 'fe-2' }, renew: { ask: 1 } })
  expect(heard).toEqual(['hello fe-1', 'closed'])
  expect(stream.frontEndId).toBe('fe-1')
})

test('while nothing may be shown the answer says so', () => {
  const { sent, says } = session()
  says({ query: { query: 4, names: ['tesla'] } })
  expect(sent).toEqual([{ answer: { query: 4, stocks: [], position: -1, more: false } }])
})

test('no lease is a grant of no length', () => {
  const { sent, stream } = session()
  stream.grant({ ask: 2, clusterId: 'c-1', lease: undefined })
  expect(sent).toEqual([{ grant: { ask: 2, session: 0, leaseMs: 0, clusterId: 'c-1' } }])
})
