import { expect, test } from 'vitest'
import { ManualNetwork, ManualServedStream } from '../../test/manual-network.ts'
import type { FollowerToLeader, LeaderToFollower, ReplicateHello } from '../wire/messages.ts'
import { refusal } from '../wire/refusal.ts'
import { fromWireAppend, ReplicateReceiver, ReplicateSender, toWireAppend } from './replicate-stream.ts'

const HELLO: ReplicateHello = { leaderId: 3, epoch: 1, generation: 1, genesis: null }
const STATE = { replicaId: 1, length: 2, digest: 'd' }

/** The leader's end of a stream, with what it told its owner. */
function sender() {
  const net = new ManualNetwork<LeaderToFollower, FollowerToLeader>()
  const heard: string[] = []
  const stream = new ReplicateSender(net.network, 'order-1:1', {
    holds: ({ length }) => void heard.push(`holds ${length}`),
    gone: (why) => void heard.push(`gone: ${why}`),
    isForeign: () => void heard.push('foreign'),
  })
  return { net, heard, stream }
}

/** The follower's end of one, with what it told its owner and its leader. */
function receiver() {
  const heard: string[] = []
  let stream!: ReplicateReceiver
  const leader = new ManualServedStream<FollowerToLeader, LeaderToFollower>((wire) => {
    stream = new ReplicateReceiver(wire, 1, {
      greeted: (_leader, { leaderId }) => void heard.push(`hello ${leaderId}`),
      offered: (_leader, { from }) => void heard.push(`from ${from}`),
      differs: () => void heard.push('differs'),
      gone: () => void heard.push('gone'),
    })
    return stream.start()
  })
  return { sent: leader.sent, heard, stream, says: (what: Partial<LeaderToFollower>) => leader.say(what) }
}

test('a sender opens nothing before its start, and then says hello', () => {
  const { net, stream } = sender()
  expect(net.streams).toEqual([])
  stream.start(HELLO)
  expect(net.stream.sent).toEqual([{ hello: HELLO }])
})

test('a sender tells what the follower holds, and once that it is gone', () => {
  const { net, heard, stream } = sender()
  stream.start(HELLO)
  net.stream.say({ state: STATE })
  net.stream.break()
  expect(heard).toEqual(['holds 2', 'gone: connection reset'])
})

test('a follower that refuses is gone, and one that does not know the call is of another make', () => {
  const [refused, foreign] = [sender(), sender()]
  refused.stream.start(HELLO)
  refused.net.stream.say({ refused: refusal('the generation is over') })
  foreign.stream.start(HELLO)
  foreign.net.stream.break('UNIMPLEMENTED')
  expect([refused.heard, foreign.heard]).toEqual([['gone: the generation is over'], ['foreign']])
})

test('a sender that its owner has closed tells nothing more', () => {
  const { net, heard, stream } = sender()
  stream.start(HELLO)
  stream.close()
  net.stream.say({ state: STATE })
  expect([heard, net.stream.isOpen]).toEqual([[], false])
})

test('a receiver hands on what a leader says', () => {
  const { heard, says, stream } = receiver()
  says({ hello: HELLO })
  says(toWireAppend({ generation: 1, from: 5, entries: [], digest: undefined, published: 0, resting: false }))
  expect([heard, stream.isClosed]).toEqual([['hello 3', 'from 5'], false])
})

test('a leader that finds another history is left', () => {
  const { heard, says, stream } = receiver()
  says({ forked: refusal('the logs differ', { differs: true }) })
  expect([heard, stream.isClosed]).toEqual([['differs', 'gone'], true])
})

test('a leader that is refused hears why, and the stream ends', () => {
  const { sent, heard, stream } = receiver()
  stream.refuse('no genesis')
  expect(sent).toEqual([{ refused: refusal('no genesis') }])
  expect(heard).toEqual(['gone'])
})

test('a heartbeat has no digest, whatever stands for that on the wire', () => {
  const heartbeat = { generation: 1, from: 5, entries: [], digest: undefined, published: 4, resting: false }
  const { append } = toWireAppend(heartbeat)
  expect(append.digest).toBe('')
  expect(fromWireAppend(append)).toEqual(heartbeat)
})
