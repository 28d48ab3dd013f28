import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { freePort } from '../../test/free-port.ts'
import { ConnectionPool } from './connection-pool.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listening(server: Server): Promise<string> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const answering = () =>
  createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n'))
    socket.on('end', () => socket.end())
    socket.unref()
  })

const ask = (pool: ConnectionPool): Promise<number | undefined> =>
  new Promise((settle) => pool.send({ request: 'GET / HTTP/1.1\r\nhost: a\r\n\r\n', settle }))

test('connections that were opened before are used', async () => {
  const pool = new ConnectionPool(await listening(answering()), 4)
  expect(await pool.open(2)).toBe(2)
  expect(await Promise.all([ask(pool), ask(pool), ask(pool)])).toEqual([204, 204, 204])
})

test('connections that could not be opened are not counted, and a request fails at once', async () => {
  const pool = new ConnectionPool(`127.0.0.1:${await freePort()}`, 4)
  expect(await pool.open(2)).toBe(0)
  expect(await ask(pool)).toBeUndefined()
})
