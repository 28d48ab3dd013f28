import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ControlPort, dataOf, messageOf } from '../../../test/control-port.ts'
import { CONTROL_FOR_MS_MAX } from '../../http/control.ts'

const NAMES = ['catalogue', 'order-1', 'order-2', 'frontend']

let control: ControlPort
beforeEach(async () => {
  control = await ControlPort.start(NAMES)
  control.leader = 'order-1:1'
})
afterEach(() => control.end())

describe('processes', () => {
  test('each is told with its state, its pid and its restarts', async () => {
    const [first] = await control.processes()
    expect(first).toEqual({
      name: 'catalogue',
      pid: expect.any(Number),
      state: 'running',
      restarts: 0,
      lastExit: null,
      sinceMs: expect.any(Number),
    })
  })

  test('one is killed and comes back', async () => {
    const { pid } = (await control.process('order-2'))!
    expect(dataOf(await control.post('/processes/order-2/kill'))).toEqual({ names: ['order-2'], pids: [pid] })
    await expect.poll(() => control.process('order-2')).toMatchObject({ state: 'running', restarts: 1 })
    const { pid: now, lastExit } = (await control.process('order-2'))!
    expect(now).not.toBe(pid)
    expect(lastExit).toMatchObject({ signal: 'SIGKILL', code: null })
  })

  test('one is kept down for a while', async () => {
    const events = await control.eventsUntil(
      ({ event }) => event === 'backing-off',
      () => control.post('/processes/order-2/kill', { forMs: CONTROL_FOR_MS_MAX }),
    )
    expect(events.at(-1)).toMatchObject({ name: 'order-2', delayMs: CONTROL_FOR_MS_MAX })
    expect(await control.process('order-2')).toMatchObject({ state: 'backing-off', pid: null })
    const again = await control.post('/processes/order-2/kill')
    expect([again.status, messageOf(again)]).toEqual([409, 'order-2 is not running at the moment; it is started again soon'])
  })

  test('one is paused, which is seen at once, and resumed', async () => {
    await control.post('/processes/order-1/pause')
    expect(await control.process('order-1')).toMatchObject({ state: 'paused' })
    expect((await control.post('/processes/order-1/pause')).status).toBe(409)
    expect((await control.post('/processes/order-1/resume')).status).toBe(200)
    expect(await control.process('order-1')).toMatchObject({ state: 'running' })
  })

  test('what was not paused is not resumed, and that is said', async () => {
    const answer = await control.post('/processes/order-1/resume')
    expect([answer.status, messageOf(answer)]).toEqual([409, 'order-1 was not paused'])
    expect((await control.post('/processes/all/resume')).status).toBe(409)
  })

  test('a pause with an end ends by itself', async () => {
    await control.post('/processes/order-1/pause', { forMs: 50 })
    await expect.poll(() => control.process('order-1')).toMatchObject({ state: 'running' })
  })

  test('the end of an earlier pause does not end a later one', async () => {
    await control.post('/processes/order-1/pause', { forMs: 100 })
    await control.post('/processes/order-1/resume')
    await control.post('/processes/order-1/pause')
    await control.post('/processes/order-2/pause', { forMs: 300 })
    await expect.poll(() => control.process('order-2')).toMatchObject({ state: 'running' })
    expect(await control.process('order-1')).toMatchObject({ state: 'paused' })
  })

  test.skipIf(process.platform !== 'linux')('one that somebody else has stopped is paused as well', async () => {
    const { pid } = (await control.process('order-1'))!
    process.kill(pid!, 'SIGSTOP')
    await expect.poll(() => control.process('order-1')).toMatchObject({ state: 'paused', pid })
    process.kill(pid!, 'SIGCONT')
    await expect.poll(() => control.process('order-1')).toMatchObject({ state: 'running', pid })
  })

  test('a paused one is restarted, and ends by itself', async () => {
    await control.post('/processes/order-1/pause')
    await control.post('/processes/order-1/restart')
    await expect.poll(() => control.process('order-1')).toMatchObject({ state: 'running', lastExit: { signal: null, code: 0 } })
  })

  test('the leader, a replica by chance, and all', async () => {
    expect(dataOf(await control.post('/processes/leader/pause'))).toMatchObject({ names: ['order-1'] })
    expect(dataOf(await control.post('/processes/random/pause'))).toMatchObject({ names: ['order-2'] })
    expect((await control.post('/processes/random/pause')).status).toBe(409)
    expect(dataOf(await control.post('/processes/all/pause'))).toMatchObject({ names: ['catalogue', 'frontend'] })
    expect(dataOf(await control.post('/processes/all/kill'))).toMatchObject({ names: NAMES })
    await expect.poll(async () => (await control.processes()).map(({ restarts }) => restarts)).toEqual([1, 1, 1, 1])
  })

  test('nobody leads, and nobody has the name', async () => {
    control.leader = undefined
    expect((await control.post('/processes/leader/kill')).status).toBe(409)
    const unknown = await control.post('/processes/no%20body/kill')
    expect([unknown.status, messageOf(unknown)]).toEqual([404, expect.stringContaining('no process is called "no body"')])
  })
})

describe('events', () => {
  test('tell what happens to a process, whoever does it', async () => {
    const { pid } = (await control.process('order-2'))!
    const events = await control.eventsUntil(
      ({ event }) => event === 'started',
      () =>
        void control
          .post('/processes/order-2/pause')
          .then(() => control.post('/processes/order-2/resume'))
          .then(() => process.kill(pid!, 'SIGKILL')),
    )
    const base = { name: 'order-2', pid, atMs: expect.any(Number) }
    expect(events).toEqual([
      { ...base, event: 'paused' },
      { ...base, event: 'resumed' },
      { ...base, event: 'exited', signal: 'SIGKILL', code: null },
      { ...base, event: 'backing-off', delayMs: 100 },
      { ...base, event: 'started', pid: expect.not.closeTo(pid!, 0.1) },
    ])
  })

  test.skipIf(process.platform !== 'linux')('tell of a pause that nobody has asked for here', async () => {
    const { pid } = (await control.process('order-2'))!
    const events = await control.eventsUntil(
      () => true,
      () => process.kill(pid!, 'SIGSTOP'),
    )
    expect(events).toMatchObject([{ name: 'order-2', event: 'paused' }])
  })

  test('end when the server closes', async () => {
    const events = control.eventsUntil(
      () => false,
      () => control.server.close(),
    )
    expect(await events.catch(() => [])).toEqual([])
  })
})
