import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpGet } from './http-get.ts'

const server = createServer(({ url }, response) => {
  if (url !== '/silent') response.writeHead(url === '/json' ? 200 : 404).end(url === '/json' ? '{"a":1}' : 'nothing')
})
const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close().closeAllConnections())

test('reads an answer; a body that is no JSON is undefined', async () => {
  expect(await httpGet(address(), '/json', 60_000)).toMatchObject({ status: 200, body: { a: 1 } })
  expect(await httpGet(address(), '/text', 60_000)).toMatchObject({ status: 404, body: undefined })
})

test('a server that says nothing is given up in time', async () => {
  await expect(httpGet(address(), '/silent', 50)).rejects.toThrow(/no answer within 50 ms/)
})

test.each(['::1:80', 'a b:1', ''])('"%s" is no address: the call fails, and leaves no timer behind', async (wrong) => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  await expect(httpGet(wrong, '/', 50)).rejects.toThrow(/is no address/)
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(before)
})
