import { expect, test } from 'vitest'
import { startCluster } from '../cluster.ts'
import { freePort } from '../free-port.ts'
import { checkEndState } from '../end-state.ts'
import { CliProcess } from './process.ts'

/** Every name under which programs look for a proxy, and one that has Node take them for its own clients, too. */
function environmentOf(proxy: string): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy', 'socks_proxy', 'ftp_proxy']
  const proxies = names.flatMap((name) => [name, name.toUpperCase()]).map((name) => [name, proxy] as const)
  const exceptions = { no_proxy: 'example.org', NO_PROXY: 'example.org', no_grpc_proxy: 'example.org' }
  return { ...Object.fromEntries(proxies), ...exceptions, NODE_USE_ENV_PROXY: '1' }
}

test('proxies of the environment that lead nowhere: everything finds each other, and the commands find the front end', async () => {
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
  // What a leader has to reach its followers and every cache for, after an election.
  const leader = await cluster.leader()
  await cluster.restartedSince(leader, cluster.kill(leader))
  await cluster.untilTrading()
  expect(await run('sell', 'tesla', '5', '--host', host, '--port', port)).toContain('tesla')
  for (const command of ['status', 'stocks', 'orders']) await run(command, '--host', host, '--port', port)
  await checkEndState(cluster, [])
})
