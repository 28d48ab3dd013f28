import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const HOPELESS_MS = 290_000

test('a release is built, works from an empty folder, and names its parts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-dist-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/release.ts', folder], { encoding: 'utf8', timeout: HOPELESS_MS })
  expect({ status, words: stderr }).toMatchObject({ status: 0 })
  expect(stdout).toContain('nothing is left over')
  const [parts = '', archive = ''] = readdirSync(folder).toSorted()
  expect(archive).toMatch(/^stock-bazaar-[0-9.]+\.tgz$/)
  const { components } = JSON.parse(readFileSync(join(folder, parts), 'utf8')) as { components: { name: string }[] }
  expect(components.map(({ name }) => name)).toContain('fastify')
  expect(components.map(({ name }) => name)).not.toContain('vitest')
})
