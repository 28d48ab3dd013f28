import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { endLingering } from './lingering.ts'

let server: Server | undefined
afterEach(() => {
  vi.useRealTimers()
  server?.close()
})

/** The two ends of a connection. The server's end has just written an answer. */
async function connection(): Promise<{ near: Socket; far: Socket }> {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const far = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  far.on('error', () => {})
  const [near] = (await accepted) as [Socket]
  near.on('error', () => {}).write('answer')
  return { near, far }
}

test('a client that is still writing gets the answer, and the connection ends when the client does', async () => {
  const { near, far } = await connection()
  const heard: string[] = []
  near.on('data', () => heard.push('data')).on('end', () => heard.push('end'))
  endLingering(near)
  // This is more than the kernel holds.
  for (let sent = 0; sent < 40; sent += 1) await new Promise((resolve) => far.write(Buffer.alloc(1024 * 1024), resolve))
  far.end()
  expect(Buffer.concat(await far.toArray()).toString()).toBe('answer')
  await expect.poll(() => near.destroyed).toBe(true)
  expect(heard, 'what comes behind the answer').toEqual([])
})

test('a client that writes on and on loses the connection', async () => {
  const { near, far } = await connection()
  endLingering(near)
  const closed = once(near, 'close')
  const piece = Buffer.alloc(1024 * 1024)
  for (let sent = 0; sent < 100 && !near.destroyed && !far.destroyed; sent += 1) {
    await Promise.race([new Promise((resolve) => far.write(piece, resolve)), closed])
  }
  await closed
  expect(near.bytesRead).toBeGreaterThan(64 * piece.length)
  expect(near.bytesRead).toBeLessThan(66 * piece.length)
  far.destroy()
})

test('a client that never ends loses the connection', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { near, far } = await connection()
  const flushed = once(near, 'finish')
  endLingering(near)
  await flushed
  vi.advanceTimersByTime(4_999)
  expect(near.destroyed).toBe(false)
  vi.advanceTimersByTime(1)
  expect(near.destroyed).toBe(true)
  far.destroy()
})
