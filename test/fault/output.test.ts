import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { frontEndOfTheContract, type Habits } from './front-end-of-the-contract.ts'
import { eventually, HOPELESS_MS } from './process.ts'

/** A file that is always full. Linux has one. */
const FULL = '/dev/full'
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

type Output = 'full' | 'reader gone' | 'all full'

/** Runs a command whose output cannot be written. Returns its exit code and its standard error. */
async function run(words: readonly string[], output: Output): Promise<{ code: number | null; aside: string }> {
  const full = openSync(FULL, 'w')
  const stdio =
    output === 'reader gone' ? (['ignore', 'pipe', 'pipe'] as const) : (['ignore', full, output === 'full' ? 'pipe' : full] as const)
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...words], { stdio: [...stdio] })
  closeSync(full)
  child.stdout?.destroy()
  let aside = ''
  child.stderr?.on('data', (piece: Buffer) => (aside += piece.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, aside }
}

const at = async (habits: Habits = {}): Promise<readonly string[]> => ['--port', await frontEndOfTheContract(habits)]

test.skipIf(!existsSync(FULL)).each(['full', 'reader gone'] as const)(
  'the order’s fate is told by the exit code and on standard error: %s',
  async (output) => {
    const target = await at()
    expect(await run(['buy', 'apple', '5', ...target], output)).toMatchObject({
      code: 0,
      aside: expect.stringContaining('order 0: bought 5 shares of apple'),
    })
    expect(await run(['sell', 'apple', '5', '--json', ...target], output)).toMatchObject({
      code: 0,
      aside: expect.stringContaining('"number":1'),
    })
    expect(await run(['buy', 'none', '1', ...target], output)).toMatchObject({ code: 1, aside: expect.stringContaining('stock not found') })
    expect(await run(['buy', 'none', '1', '--json', ...target], output)).toMatchObject({ code: 1 })
  },
)

test.skipIf(!existsSync(FULL))('when no words can be written at all, the exit code tells the outcome', async () => {
  const target = await at()
  expect(await run(['buy', 'apple', '5', ...target], 'all full')).toMatchObject({ code: 0 })
  expect(await run(['buy', 'none', '5', ...target], 'all full')).toMatchObject({ code: 1 })
  expect(await run(['buy', 'none', 'x', ...target], 'all full')).toMatchObject({ code: 2 })
})

test.skipIf(!existsSync(FULL)).each(['full', 'reader gone'] as const)('a client trades and verifies all the same: %s', async (output) => {
  const client = async (habits: Habits) =>
    run(['client', '127.0.0.1', await frontEndOfTheContract(habits), '1', '0', '--requests', '20', '--stocks', 'apple'], output)
  expect(await client({})).toMatchObject({ code: 0, aside: expect.stringContaining('ALL ORDERS VERIFIED') })
  expect(await client({ orders: 'another one is kept' })).toMatchObject({
    code: 1,
    aside: expect.stringContaining('A NON-MATCH WAS FOUND'),
  })
})

test.skipIf(!existsSync(FULL))('commands that only show something exit with 4, or with 0 when their reader had enough', async () => {
  const target = await at()
  for (const words of [
    ['stocks', 'apple'],
    ['stocks', 'apple', '--json'],
  ]) {
    expect(await run([...words, ...target], 'full')).toMatchObject({
      code: 4,
      aside: expect.stringContaining('standard output cannot be written: ENOSPC'),
    })
    expect(await run([...words, ...target], 'reader gone')).toEqual({ code: 0, aside: '' })
    expect(await run([...words, ...target], 'all full')).toMatchObject({ code: 4 })
  }
  expect(await run(['stocks', 'none', ...target], 'full')).toMatchObject({ code: 1 })
  expect(await run(['--help'], 'full')).toMatchObject({ code: 4 })
})

/** Makes a full pipe whose writer does not wait. `drain` reads all that was written. */
function fullPipe(): { writer: number; drain: () => string } {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-output-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  onTestFinished(() => {
    closeSync(reader)
    rmSync(folder, { recursive: true })
  })
  for (const size of [4_096, 1]) untilRefused(() => writeSync(writer, Buffer.alloc(size, ' ')))
  const drain = () => {
    const buffer = Buffer.alloc(1_048_576)
    let text = ''
    untilRefused(() => {
      const length = readSync(reader, buffer)
      text += buffer.toString('utf8', 0, length)
      if (length === 0) throw Object.assign(new Error('the end'), { code: 'EAGAIN' })
    })
    return text.trim()
  }
  return { writer, drain }
}

function untilRefused(run: () => void): void {
  try {
    while (true) run()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
  }
}

test.skipIf(process.platform === 'win32').each(['is read later', 'is ended'] as const)(
  'an order is answered while nobody reads, and the command %s: it was placed',
  async (what) => {
    let answered = false
    const target = await at({ onClose: () => (answered = true) })
    const { writer, drain } = fullPipe()
    const child = spawn(process.execPath, [MAIN, 'buy', 'apple', '5', ...target], { stdio: ['ignore', writer, 'ignore'] })
    closeSync(writer)
    onTestFinished(() => void child.kill('SIGKILL'))
    await eventually('the front end has answered', HOPELESS_MS, () => answered || undefined)
    const exit = once(child, 'exit')
    if (what === 'is ended') child.kill('SIGTERM')
    else expect(await eventually('it writes', HOPELESS_MS, () => /order.*/.exec(drain())?.[0])).toBe('order 0: bought 5 shares of apple')
    expect(await exit).toEqual([0, null])
  },
)
