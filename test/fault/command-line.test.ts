import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { birthOf } from '../../src/cli/supervisor/process-identity.ts'
import { writeUpState } from '../../src/cli/supervisor/state-file.ts'
import { identityAt } from '../../src/storage/embedded/file/inode-lock.ts'
import { freePort } from '../free-port.ts'
import { takesFrames } from '../frame-peer.ts'
import { CliProcess, eventually, HOPELESS_MS } from './process.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** Starts a front end that refuses every order, or that never answers. Returns its port, and says whether it was asked. */
async function frontEnd(answers: 'no' | 'nothing'): Promise<{ port: string; isAsked: () => boolean }> {
  let asked = false
  const server = createServer((request, response) => {
    asked = true
    request.resume()
    if (answers === 'no') response.writeHead(404).end('{"error":{"code":404,"message":"stock not found"}}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  return { port: `${(server.address() as AddressInfo).port}`, isAsked: () => asked }
}

test('Ctrl-C while an order is under way tells its key, and that nobody knows', async () => {
  const { port, isAsked } = await frontEnd('nothing')
  const buy = new CliProcess(['buy', 'tesla', '1', '--port', port])
  await expect.poll(() => isAsked()).toBe(true)
  buy.signal('SIGINT')
  expect(await buy.exited).toEqual({ code: 3, signal: null })
  expect(buy.output).toMatch(/may have been placed.* --key [0-9a-f]{32} /)
})

test('the exit code tells a refusal to a script that does not read the words', async () => {
  const { port } = await frontEnd('no')
  const buy = spawn(process.execPath, [MAIN, 'buy', 'nosuch', '1', '--json', '--port', port], { stdio: ['ignore', 'pipe', 'ignore'] })
  buy.stdout.destroy()
  expect(await once(buy, 'exit')).toEqual([1, null])
})

test('no command sends a signal itself: a pid may belong to another process by now', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'])
  const data = mkdtempSync(join(tmpdir(), 'bazaar-stale-'))
  onTestFinished(() => {
    other.kill('SIGKILL')
    rmSync(data, { recursive: true })
  })
  const { pid = 0 } = other
  const gone = { name: 'order-2', address: '127.0.0.1:1', pid, bornAt: birthOf(pid) ?? '', restarts: 0, args: ['order', '1', '2'] }
  const running = { pid: process.pid, bornAt: birthOf(process.pid) ?? '', startedAt: '', folder: identityAt(data) ?? '' }
  writeUpState(data, { ...running, frontEnd: '127.0.0.1:1', processes: [gone] })
  const kill = new CliProcess(['kill', 'order-2', '--data', data])
  expect(await kill.exited).toEqual({ code: 1, signal: null })
  expect(kill.output).toContain('has no control port')
  expect([other.exitCode, other.signalCode]).toEqual([null, null])
})

test('a wait that no timer can hold is refused, and so is a number of rounds without an end', async () => {
  const wrong = [
    ['status', '--watch', '--interval', '3000000000'],
    ['client', '127.0.0.1', '1', '1', '1', '--requests', '9007199254740991'],
  ]
  for (const words of wrong) {
    const command = new CliProcess(words)
    expect(await command.exited, command.output).toEqual({ code: 2, signal: null })
    expect(command.output).toMatch(/It must be an integer from \d+ to \d+\./)
  }
})

test.each([
  ['nothing', [], {}, true],
  ['--streams grpc', ['--streams', 'grpc'], {}, false],
  ['BAZAAR_STREAMS=grpc', [], { BAZAAR_STREAMS: 'grpc' }, false],
  ['--streams frames over BAZAAR_STREAMS=grpc', ['--streams', 'frames'], { BAZAAR_STREAMS: 'grpc' }, true],
] as const)('%s: frames are taken or not', async (_what, words, environment, taken) => {
  const data = mkdtempSync(join(tmpdir(), 'bazaar-streams-'))
  const port = String(await freePort())
  const catalogue = new CliProcess(['catalog', '--alone', '--port', port, '--data', data, ...words], environment)
  onTestFinished(async () => {
    await catalogue.stop()
    rmSync(data, { recursive: true })
  })
  expect(await eventually(`an answer; ${catalogue.output}`, HOPELESS_MS, () => takesFrames(`127.0.0.1:${port}`))).toBe(taken)
})

test('streams of a third form are refused', async () => {
  for (const command of ['up', 'catalog', 'order', 'frontend']) {
    const started = new CliProcess([command, '--streams', 'http3'])
    expect(await started.exited, started.output).toEqual({ code: 2, signal: null })
    expect(started.output).toContain('It must be one of frames, grpc.')
  }
})

test.skipIf(process.platform === 'win32')('a working folder that was removed prints no stack', async () => {
  const { port } = await frontEnd('no')
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-gone-'))
  const run = (words: string) =>
    spawnInShell(`mkdir -p "${folder}" && cd "${folder}" && rmdir "${folder}" && exec "${process.execPath}" "${MAIN}" ${words} 2>&1`)
  expect(await run(`buy none 1 --port ${port}`)).toEqual({ code: 1, output: 'bazaar: stock not found\n' })
  expect(await run('up')).toMatchObject({ code: 1, output: expect.stringMatching(/^bazaar: cannot use \.\/data for data: ENOENT/) })
  expect(await run('catalog --port 0')).toMatchObject({ code: 1, output: expect.stringContaining('could not start: ENOENT') })
  expect(await run(`stocks --port ${port} --config bazaar.json`)).toMatchObject({ code: 2, output: expect.stringMatching(/^bazaar: /) })
})

/** Starts a front end that knows apple and tesla, and 250 orders. Returns its port. */
async function smallFrontEnd(): Promise<string> {
  const server = createServer(({ method, url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://front.end')
    const [after, limit] = [Number(searchParams.get('after')), Number(searchParams.get('limit'))]
    const numbers = Array.from({ length: 250 }, (_, number) => number).filter((number) => number > after)
    const answers: Record<string, object> = {
      '/stocks': { stocks: ['apple', 'tesla'].map((name) => ({ name, price: 1, quantity: 1, volume: 1 })) },
      '/status': { leader: null, catalogue: { reachable: true, published: 250 }, replicas: [] },
      '/orders': { orders: numbers.slice(0, limit).map((number) => ({ number, name: 'apple', type: 'buy', quantity: 1 })) },
    }
    const data = answers[pathname]
    if (data && method === 'GET') response.end(JSON.stringify({ data }))
    else response.writeHead(404).end('{"error":{"code":404,"message":"stock not found"}}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  return `${(server.address() as AddressInfo).port}`
}

async function said(...words: readonly string[]): Promise<{ code: number | null; output: string }> {
  const command = new CliProcess(words)
  const { code } = await command.exited
  return { code, output: command.output }
}

test('a stock that does not exist may be a misspelt one', async () => {
  const port = await smallFrontEnd()
  const meant = { code: 1, output: 'bazaar: stock not found; did you mean tesla?\n' }
  expect(await said('stocks', 'telsa', '--port', port)).toEqual(meant)
  expect(await said('buy', 'Tesla', '1', '--port', port)).toEqual(meant)
  expect(await said('sell', 'microsoft', '1', '--port', port)).toEqual({ code: 1, output: 'bazaar: stock not found\n' })
})

test('orders are listed newest first, or in order after a number', async () => {
  const port = await smallFrontEnd()
  const numbers = async (...words: readonly string[]) => {
    const { output } = await said('orders', '--json', '--port', port, ...words)
    return (JSON.parse(output) as { number: number }[]).map(({ number }) => number)
  }
  expect(await numbers('--limit', '3')).toEqual([249, 248, 247])
  expect((await numbers()).length).toBe(100)
  expect(await numbers('--limit', '1000')).toHaveLength(250)
  expect(await numbers('--after', '9', '--limit', '3')).toEqual([10, 11, 12])
  expect(await numbers('--after', '248')).toEqual([249])
})

async function spawnInShell(script: string): Promise<{ code: unknown; output: string }> {
  const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  shell.stdout.on('data', (piece: Buffer) => (output += piece.toString()))
  const [code] = await once(shell, 'close')
  return { code, output }
}
