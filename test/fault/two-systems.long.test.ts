import { chmodSync, cpSync, linkSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startCluster, type Cluster } from '../cluster.ts'
import { ask, order } from '../contract/conformance/http.ts'
import { levelOf, place } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { CliProcess, eventually, HOPELESS_MS } from './process.ts'

const ANY_PORTS = ['--port', '0', '--catalog-port', '0', '--order-ports', '0,0,0']

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-two-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function started(words: readonly string[]): CliProcess {
  const process = new CliProcess(words)
  onTestFinished(() => void process.stop())
  return process
}

/** Starts a process that has to end by itself with 1. Returns its output. */
async function refusal(words: readonly string[]): Promise<string> {
  const process = started(words)
  await eventually(`\`${words.join(' ')}\` ends; it says ${process.output}`, HOPELESS_MS, () => !process.running || undefined)
  expect(await process.exited, process.output).toEqual({ code: 1, signal: null })
  return process.output
}

/** Runs `attempt` beside a system that trades. Afterwards the system has to trade on, with the same processes. */
async function besides(cluster: Cluster, attempt: () => Promise<void>): Promise<void> {
  const pids = cluster.pids
  const before = await place(cluster, 'tesla', 'buy', 1)
  await attempt()
  expect(await place(cluster, 'tesla', 'sell', 1)).toBe(before + 1)
  expect(cluster.pids).toEqual(pids)
}

test('a second `up` on a folder is refused, whatever became of its small files, and ends nobody', async () => {
  await using cluster = await startCluster()
  const { dataDir } = cluster
  const second = (data = dataDir) => refusal(['up', '--data', data, ...ANY_PORTS])
  await besides(cluster, async () => expect(await second()).toMatch(/is in use by another `bazaar up` \(pid \d+\)/))
  const state = join(dataDir, 'up.json')
  const aside = `${state}.aside`
  for (const name of ['up', 'catalog.db', 'order1.db', 'order2.db', 'order3.db']) rmSync(join(dataDir, `${name}.lock`), { force: true })
  await besides(cluster, async () => expect(await second()).toContain('is in use'))
  writeFileSync(join(dataDir, 'up.lock'), '')
  chmodSync(join(dataDir, 'up.lock'), 0o444)
  await besides(cluster, async () => expect(await second()).toContain('is in use'))
  renameSync(state, aside)
  expect(await second()).toContain('is in use')
  renameSync(aside, state)
  const link = join(temporaryFolder(), 'link')
  symlinkSync(dataDir, link)
  await besides(cluster, async () => expect(await second(link)).toContain('is in use'))
  await checkEndState(cluster, [])
})

test('a system on a copy of a folder ends no process of the system on the folder', async () => {
  await using cluster = await startCluster()
  const copy = join(temporaryFolder(), 'copy')
  cpSync(cluster.dataDir, copy, { recursive: true, filter: (path) => !/\.db/.test(path) })
  await besides(cluster, async () => {
    const second = started(['up', '--data', copy, ...ANY_PORTS])
    await eventually(`the second one trades; it says ${second.output}`, HOPELESS_MS, () => /trades \(/.test(second.output) || undefined)
    expect(second.output).toContain('tells of another folder')
    expect(await second.stop()).toEqual({ code: 0, signal: null })
  })
  const kill = started(['kill', 'order-1', '--data', copy])
  expect(await kill.exited).toEqual({ code: 1, signal: null })
})

test('a second process for one file is refused, by whatever name, and with the lock file gone', async () => {
  await using cluster = await startCluster()
  const { dataDir } = cluster
  const elsewhere = temporaryFolder()
  linkSync(join(dataDir, 'catalog.db'), join(elsewhere, 'catalog.db'))
  symlinkSync(join(dataDir, 'order1.db'), join(elsewhere, 'order1.db'))
  const catalog = (data: string) => refusal(['catalog', '--port', '0', '--data', data])
  const order = (data: string) => refusal(['order', '0', '1', '127.0.0.1', '9', '1', '--data', data])
  await besides(cluster, async () => {
    expect(await catalog(dataDir)).toContain('catalog.db is in use')
    expect(await order(dataDir)).toContain('order1.db is in use')
    expect(await catalog(elsewhere)).toContain('catalog.db is in use')
    expect(await order(elsewhere)).toContain('order1.db is in use')
    rmSync(join(dataDir, 'catalog.db.lock'))
    rmSync(join(dataDir, 'order1.db.lock'))
    expect(await catalog(dataDir)).toContain('catalog.db is in use')
    expect(await order(dataDir)).toContain('order1.db is in use')
  })
})

test('a file that was moved away while its process ran is not written any more, and trading resumes when it is back', async () => {
  await using cluster = await startCluster()
  await place(cluster, 'tesla', 'buy', 1)
  const file = join(cluster.dataDir, 'catalog.db')
  renameSync(file, `${file}.away`)
  await eventually('the catalogue says so', HOPELESS_MS, async () => {
    const { text } = await ask(cluster.frontEnd, '/status')
    return text.includes('catalog.db was moved, removed or replaced') || undefined
  })
  const refused = await order(cluster.frontEnd, { name: 'tesla', type: 'buy', quantity: 1 })
  expect(refused.status).toBe(503)
  expect(await levelOf(cluster, 'tesla')).toBe(999)
  renameSync(`${file}.away`, file)
  await cluster.untilTrading()
  expect(await place(cluster, 'tesla', 'buy', 1)).toBe(1)
  await checkEndState(cluster, [])
})
