import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { freePort } from '../../../test/free-port.ts'
import { systemClock } from '../../runtime/clock.ts'
import { grantPorts, type PortWish } from './ports.ts'

let holder: Server | undefined
afterEach(() => holder?.close())

async function heldPort(): Promise<number> {
  const port = await freePort()
  holder = createServer()
  await new Promise<void>((resolve) => holder?.listen(port, '127.0.0.1', resolve))
  return port
}

const wish = (port: number, orAny = false): PortWish => ({
  use: 'the front end',
  host: '127.0.0.1',
  port,
  flag: '--port',
  orAny,
})

test('0 grants different free ports', async () => {
  const ports = await grantPorts([wish(0), wish(0), wish(0)], systemClock)
  expect(new Set(ports).size).toBe(3)
})

test('a held port is named, with the flag that changes it', async () => {
  const port = await heldPort()
  await expect(grantPorts([wish(port)], systemClock)).rejects.toThrow(new RegExp(`127.0.0.1:${port}: another program.*--port 0`))
})

test('a wish that takes any gets another one', async () => {
  const port = await heldPort()
  const [granted] = await grantPorts([wish(port, true)], systemClock)
  expect(granted).not.toBe(port)
})

test('a port that is only held for a moment is waited for', async () => {
  const port = await heldPort()
  setTimeout(() => holder?.close(), 300)
  expect(await grantPorts([wish(port)], systemClock)).toEqual([port])
})
