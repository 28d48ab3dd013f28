import { expect, test } from 'vitest'
import { settled } from '../../test/manual-clock.ts'
import { manualRuntime } from '../../test/manual-runtime.ts'
import type { CatalogueToLeader, Decided, LeaderToCatalogue, LeadHello, LeadWelcome } from '../wire/messages.ts'
import { refusal } from '../wire/refusal.ts'
import { LeadStream } from './lead-stream.ts'

const WELCOME = { generation: 1, length: 0, published: 0, genesis: null } as unknown as LeadWelcome
const decidedBatch = (batch: number, published = 0): Decided => ({ batch, outcomes: [], entries: [], digest: '', published, sessions: [] })

/** A stream whose owner takes the welcome in when the test says so. */
function leadStream() {
  const { clock, net, runtime } = manualRuntime<LeaderToCatalogue, CatalogueToLeader>()
  const told: number[] = []
  const taking: { in: () => void; fail: (error: Error) => void }[] = []
  const stream = new LeadStream(runtime, 'catalogue:1', {
    welcomed: () => new Promise((resolve, reject) => taking.push({ in: resolve, fail: reject })),
    decided: (_stream, { batch }) => void told.push(batch),
  })
  return {
    clock,
    net,
    told,
    stream,
    start: () => stream.start({ replicaId: 3 } as LeadHello),
    says: (message: Partial<CatalogueToLeader>) => net.stream.say(message as CatalogueToLeader),
    takeIn: () => taking.at(-1)!.in(),
    failToTakeIn: () => taking.at(-1)!.fail(new Error('the log cannot be sealed')),
    /** Lets time pass in steps: what it makes ready is handled in between. */
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        clock.pass(100)
        await settled()
      }
    },
  }
}

test('before its start it asks nobody and waits for nothing', () => {
  const { clock, net } = leadStream()
  expect([net.streams.length, clock.timers]).toEqual([0, 0])
})

test('what is decided is told when the welcome has been taken in', async () => {
  const { start, says, takeIn, told } = leadStream()
  void start()
  says({ welcome: WELCOME })
  says({ decided: decidedBatch(1) })
  await settled()
  expect(told).toEqual([])
  takeIn()
  await settled()
  expect(told).toEqual([1])
})

test('a welcome that cannot be taken in ends the stream', async () => {
  const { start, says, failToTakeIn, net } = leadStream()
  const over = start()
  says({ welcome: WELCOME })
  failToTakeIn()
  expect([await over, net.stream.isOpen]).toEqual([{ why: 'the log cannot be sealed', refused: undefined }, false])
})

test('a refusal is told as the end', async () => {
  const { start, says } = leadStream()
  const over = start()
  const refused = refusal('another history', { differs: true })
  says({ refused })
  expect(await over).toEqual({ why: 'another history', refused })
})

test('a publication waits for its position; what is published already needs no question', async () => {
  const { start, says, stream, net } = leadStream()
  void start()
  const done: number[] = []
  for (const position of [2, 3, 4]) void stream.publish(position, []).then(() => done.push(position))
  says({ published: { position: 3 } })
  await settled()
  expect(done).toEqual([2, 3])
  const asked = net.stream.sent.length
  await stream.publish(1, [])
  expect(net.stream.sent).toHaveLength(asked)
})

test('when it is over, whoever waits is told why, and nothing is waited for', async () => {
  const { start, stream, net, clock } = leadStream()
  const over = start()
  stream.trade(1, [])
  const [published, confirmed] = [stream.publish(2, []), stream.confirm()]
  net.stream.break('UNAVAILABLE', 'connection reset')
  await expect(published).rejects.toThrow('connection reset')
  await expect(stream.publish(3, [])).rejects.toThrow('connection reset')
  expect([await confirmed, await stream.confirm(), await over]).toEqual([
    undefined,
    undefined,
    { why: 'connection reset', refused: undefined },
  ])
  expect([stream.isOver, clock.timers]).toEqual([true, 0])
})

test('one confirmation is for all who ask at the same time', async () => {
  const { start, says, stream, net } = leadStream()
  void start()
  const first = stream.confirm()
  const next = [stream.confirm(), stream.confirm()]
  says({ confirmed: { confirm: 1, published: 5 } })
  expect(await first).toBe(5)
  await settled()
  says({ confirmed: { confirm: 2, published: 6 } })
  expect(await Promise.all(next)).toEqual([6, 6])
  expect(net.stream.sent.filter(({ confirm }) => confirm)).toHaveLength(2)
})

test('a catalogue that does not answer the hello is given up', async () => {
  const { start, pass } = leadStream()
  const over = start()
  await pass(2_100)
  expect(await over).toMatchObject({ why: 'the catalogue did not answer' })
})

test('a catalogue that is silent is asked for something, and then given up', async () => {
  const { start, says, takeIn, pass, net } = leadStream()
  const over = start()
  says({ welcome: WELCOME })
  takeIn()
  await pass(3_000)
  expect(net.stream.sent.slice(1)).toEqual([{ publish: { position: 0, unreachable: [] } }])
  expect(net.stream.isOpen).toBe(true)
  await pass(2_000)
  expect(await over).toMatchObject({ why: expect.stringContaining('silent') })
})

test('a batch that is not decided in time ends the stream; one that is decided does not', async () => {
  const { start, says, takeIn, stream, pass } = leadStream()
  const over = start()
  says({ welcome: WELCOME })
  takeIn()
  stream.trade(1, [])
  await pass(2_000)
  says({ decided: decidedBatch(1) })
  await pass(2_000)
  expect(stream.isOver).toBe(false)
  stream.trade(2, [])
  await pass(1_500)
  says({ published: { position: 0 } })
  await pass(1_700)
  expect(await over).toMatchObject({ why: 'the catalogue did not decide in time' })
})
