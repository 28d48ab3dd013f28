import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readUpState } from '../../src/cli/supervisor/state-file.ts'
import { CliProcess, eventually, HOPELESS_MS } from './process.ts'

const ANY_PORTS = ['--port', '0', '--catalog-port', '0', '--order-ports', '0,0,0']

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Starts a system as a person does, and waits until it trades. */
async function started(data: string, words: readonly string[], environment: Record<string, string> = {}): Promise<CliProcess> {
  const up = new CliProcess(['up', '--data', data, ...ANY_PORTS, ...words], environment)
  onTestFinished(async () => void (await up.stop()))
  await eventually('it trades', HOPELESS_MS, () => {
    if (!up.running) throw new Error(up.output)
    return up.output.includes('Stock Bazaar trades') || undefined
  })
  return up
}

/** Returns the keys of all orders that the ledger holds. */
function keysIn(data: string): readonly string[] {
  const ledger = new DatabaseSync(join(data, 'catalog.db'), { readOnly: true })
  const rows = ledger.prepare('SELECT key FROM entries').all()
  ledger.close()
  return rows.map(({ key }) => String(key))
}

test('a new folder gets gentle clients, whose orders are marked; it keeps them until somebody says no', async () => {
  const data = join(newFolder(), 'data')
  const first = await started(data, [])
  expect(first.output).toMatch(/^ {2}demo +4 gentle clients trade here/m)
  await eventually('some orders', HOPELESS_MS, () => keysIn(data).length >= 5 || undefined)
  expect(keysIn(data).filter((key) => !/^c:demo-[0-9a-f]+$/.test(key))).toEqual([])
  expect(await first.stop()).toMatchObject({ code: 0 })

  const again = await started(data, [])
  expect(again.output).toMatch(/^ {2}demo /m)
  await again.stop()
  const without = await started(data, ['--no-demo'])
  expect(without.output).not.toMatch(/^ {2}demo /m)
  await without.stop()
  const later = await started(data, [])
  expect(later.output).not.toMatch(/^ {2}demo /m)
})

test.skipIf(process.platform !== 'linux')(
  '--open opens the page by an address that holds no token, and says the address when it cannot',
  async () => {
    const folder = newFolder()
    const [seen, opener, data] = [join(folder, 'seen'), join(folder, 'xdg-open'), join(folder, 'data')]
    writeFileSync(opener, `#!/bin/sh\necho "$1" > '${seen}.new' && mv '${seen}.new' '${seen}'\n`)
    chmodSync(opener, 0o755)
    const up = await started(data, ['--open', '--no-demo'], { PATH: `${folder}:${process.env.PATH}` })
    const url = (await eventually('a browser is opened', HOPELESS_MS, () => readFileSync(seen, 'utf8'))).trim()
    const control = JSON.parse(readFileSync(join(data, 'control.json'), 'utf8')) as { token: string; url: string }
    expect(url).not.toContain(control.token)
    const location = await new Promise((resolve, reject) => {
      get(url, { agent: false }, ({ headers }) => resolve(headers.location)).on('error', reject)
    })
    expect(location).toBe(control.url)
    const reading = readUpState(data)
    expect(control.url).toMatch(`http://${reading.kind === 'read' && reading.state.frontEnd}/#token=`)
    expect(up.output).not.toContain(control.token)
    await up.stop()

    writeFileSync(opener, '#!/bin/sh\nexit 3\n')
    const other = await started(data, ['--open'], { PATH: `${folder}:${process.env.PATH}` })
    await expect
      .poll(() => other.output)
      .toMatch(/No browser could be opened \(xdg-open ended with exit code 3\)\. The page is at http:\S+#token=/)
  },
)
