import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { startCluster } from '../cluster.ts'
import { freePort } from '../free-port.ts'
import { checkEndState } from '../end-state.ts'
import { CliProcess } from './process.ts'

/** Sets every variable that names a proxy, and the one that makes Node's own clients use it. */
function environmentOf(proxy: string): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy', 'socks_proxy', 'ftp_proxy']
  const proxies = names.flatMap((name) => [name, name.toUpperCase()]).map((name) => [name, proxy] as const)
  const exceptions = { no_proxy: 'example.org', NO_PROXY: 'example.org', no_grpc_proxy: 'example.org' }
  return { ...Object.fromEntries(proxies), ...exceptions, NODE_USE_ENV_PROXY: '1' }
}

test('proxies of the environment that lead nowhere: all processes find each other, and the commands find the front end', async () => {
  const environment = environmentOf(`http://127.0.0.1:${await freePort()}`)
  await using cluster = await startCluster({ environment })
  const [host = '', port = ''] = cluster.frontEnd.split(':')
  const run = async (...words: readonly string[]): Promise<string> => {
    const command = new CliProcess(words, environment)
    const { code } = await command.exited
    expect(code, command.output).toBe(0)
    return command.output
  }

  expect(await run('buy', 'tesla', '5', '--host', host, '--port', port)).toMatch(/\b0\b/)
  expect(await run('client', host, port, '0.5', '1', '--requests', '10')).toContain('ALL ORDERS VERIFIED')
  // After an election a leader has to reach its followers and every cache.
  const leader = await cluster.leader()
  await cluster.restartedSince(leader, cluster.kill(leader))
  await cluster.untilTrading()
  expect(await run('sell', 'tesla', '5', '--host', host, '--port', port)).toContain('tesla')
  for (const command of ['status', 'stocks', 'orders']) await run(command, '--host', host, '--port', port)
  await checkEndState(cluster, [])
})

/** Sends bytes to a front end. Returns all that it answers until it ends the connection. */
async function answerTo(address: string, bytes: string): Promise<string> {
  const [host = '', port = ''] = address.split(':')
  const socket = connect(Number(port), host)
  socket.end(bytes)
  return text(socket)
}

test('settings of Node for HTTP in the environment: heads keep their bound, and no request hides another one', async () => {
  const environment = { NODE_OPTIONS: '--max-http-header-size=100 --insecure-http-parser' }
  await using cluster = await startCluster({ environment, replicas: 1 })
  const request = (headers: string, body = '') =>
    `GET /stocks/tesla HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-X: a;b\r\n${headers}\r\n${body}`
  expect(await answerTo(cluster.frontEnd, request(`x: ${'x'.repeat(10_000)}\r\n`))).toMatch(/^HTTP\/1.1 200 /)
  expect(await answerTo(cluster.frontEnd, request(`x: ${'x'.repeat(20_000)}\r\n`))).toMatch(/^HTTP\/1.1 431 /)
  const both = 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'
  expect(await answerTo(cluster.frontEnd, request(both, '0\r\n\r\n'))).toMatch(/^HTTP\/1.1 400 /)
})
