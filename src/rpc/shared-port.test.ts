import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { HandClock } from '../../test/hand-clock.ts'
import { OPENING } from './frames.ts'
import { sharePort, sort } from './shared-port.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const run of cleanUp.splice(0).reverse()) await run()
})

/** A connection that is sorted, and what becomes of it. */
async function connection() {
  const hand = new HandClock()
  const told: string[] = []
  let name = () => {}
  const server = createServer((socket) => {
    socket.on('error', () => {}).on('close', () => told.push('closed'))
    const frames = (_: Socket, ahead: Buffer, named: () => void) => {
      told.push(`frames, then ${ahead.length}`)
      name = named
    }
    const grpc = (left: Socket) => {
      told.push('gRPC')
      left.on('data', (bytes: Buffer) => told.push(bytes.toString())).resume()
    }
    sort(socket, hand.clock, frames, grpc, () => told.push('sorted'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true }).on('error', () => {})
  cleanUp.push(
    () => server.close(),
    () => socket.destroy(),
  )
  await once(server, 'connection')
  return { hand, told, socket, named: () => name() }
}

const turns = async (count = 20) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

test('a connection that begins with the opening carries frames, however it is cut', async () => {
  const { told, socket } = await connection()
  socket.write(OPENING.subarray(0, 30))
  await turns()
  expect(told).toEqual([])
  socket.write(Buffer.concat([OPENING.subarray(30), Buffer.alloc(5)]))
  await expect.poll(() => told).toEqual(['sorted', 'frames, then 5'])
})

test.each([
  ['with something else', ['GET / HTTP/1.1']],
  ['as HTTP/2 does', [OPENING.toString('latin1', 0, 24), 'SETTINGS']],
  ['one byte after the other', ['P', 'R', 'I', ' ', 'x']],
])('one that begins %s is left to gRPC with all that came', async (_what, pieces) => {
  const { told, socket } = await connection()
  for (const piece of pieces) {
    socket.write(piece)
    await turns()
  }
  await expect.poll(() => told.slice(0, 2)).toEqual(['sorted', 'gRPC'])
  await expect.poll(() => told.slice(2).join('')).toBe(pieces.join(''))
})

test.each([
  ['nothing', []],
  ['a part of the opening', [OPENING.subarray(0, 10)]],
  ['no method', [OPENING]],
])('one that says %s is closed after a minute', async (_what, pieces) => {
  const { hand, told, socket } = await connection()
  for (const piece of pieces) socket.write(piece)
  if (pieces[0] === OPENING) await expect.poll(() => told).toContain('frames, then 0')
  hand.run(59_000, 1_000)
  await turns()
  expect(told).not.toContain('closed')
  hand.run(2_000, 1_000)
  await expect.poll(() => told).toContain('closed')
})

test.each([
  ['a stream', [OPENING]],
  ['gRPC', [Buffer.from('x')]],
])('one that has begun %s is not', async (what, pieces) => {
  const { hand, told, socket, named } = await connection()
  for (const piece of pieces) socket.write(piece)
  await expect.poll(() => told).toContain(what === 'gRPC' ? 'gRPC' : 'frames, then 0')
  named()
  hand.run(200_000, 1_000)
  await turns()
  expect(told).not.toContain('closed')
})

test('a host with several addresses is listened at on all that this machine has, on one port', async () => {
  const users = { grpc: (socket: Socket) => void socket.end('hello'), frames: undefined }
  const shared = await sharePort('localhost', 0, users)
  cleanUp.push(() => shared.close())
  const socket = connect({ port: shared.port, host: '127.0.0.1' })
  const [greeting] = await once(socket, 'data')
  expect(String(greeting)).toBe('hello')
  await expect(sharePort('127.0.0.1', shared.port, users)).rejects.toThrow(
    `cannot listen on 127.0.0.1:${shared.port}: another program holds it`,
  )
})
