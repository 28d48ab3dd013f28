import { expect, test, vi } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import type { FrontEndToReplica, Pong, ReplicaToFrontEnd } from '../wire/messages.ts'
import { RouteStream } from './route-stream.ts'

const HELLO = { frontEndId: 'fe', replicaId: 1, replicaAddress: 'order-1:1' }
const PONG: Pong = {
  ...{ ping: 7, replicaId: 1, role: 'follower', epoch: 0, canLead: true, trouble: '' },
  ...{ length: 5, clusterId: '', catalogueAddress: 'catalogue:1', tails: false },
}

/** An open stream, with the test at its other end. */
function newStream() {
  const { net, runtime } = manualRuntime<FrontEndToReplica, ReplicaToFrontEnd>()
  const owner = { pong: vi.fn(), outcomes: vi.fn(), invalidate: vi.fn(), tailed: vi.fn(), gone: vi.fn() }
  const stream = new RouteStream(runtime, 'order-1:1', owner)
  stream.start(HELLO)
  const say = (message: Partial<ReplicaToFrontEnd>) => net.stream.say(message as ReplicaToFrontEnd)
  return { owner, stream, net, say }
}

test('what a replica does not say of itself is undefined', () => {
  const { owner, say } = newStream()
  say({ pong: PONG })
  expect(owner.pong).toHaveBeenCalledWith({ ...PONG, trouble: undefined, clusterId: undefined })
})

test('a leader that nobody knows, and a cluster, are left out of a ping', () => {
  const { stream, net } = newStream()
  stream.ping(1, undefined, { clusterId: undefined, catalogueAddress: 'catalogue:1' })
  expect(net.stream.sent.at(-1)).toEqual({
    ping: { ping: 1, leaderEpoch: 0, leaderId: -1, clusterId: '', catalogueAddress: 'catalogue:1' },
  })
})

test('an invalidation is confirmed once the owner has dropped the stocks', () => {
  const { owner, net, say } = newStream()
  const change = { names: ['tesla'], number: 3 }
  owner.invalidate.mockImplementation(() => expect(net.stream.sent).toEqual([{ hello: HELLO }]))
  say({ invalidate: change })
  expect(owner.invalidate).toHaveBeenCalledWith(change)
  expect(net.stream.sent.at(-1)).toEqual({ invalidated: change })
})

test('everything else in a message is taken in before its pong', () => {
  const { owner, say } = newStream()
  say({ pong: PONG, result: { outcomes: [{ id: 1, number: 0, replayed: false }] } })
  expect(owner.outcomes.mock.invocationCallOrder[0]).toBeLessThan(owner.pong.mock.invocationCallOrder[0]!)
})

test('a question that is under way when the connection ends gets no answer, at once', async () => {
  const { owner, stream, net } = newStream()
  const asked = stream.query(3, 0, 60_000)
  net.stream.break('UNIMPLEMENTED', 'no such method')
  expect(await asked).toBeUndefined()
  expect(owner.gone.mock.calls.map(([cause]) => cause.code)).toEqual(['UNIMPLEMENTED'])
})

test('a closed stream tells its owner nothing', () => {
  const { owner, stream, say } = newStream()
  stream.close()
  say({ pong: PONG, result: { outcomes: [] }, invalidate: { names: [], number: 1 } })
  for (const call of Object.values(owner)) expect(call).not.toHaveBeenCalled()
})
