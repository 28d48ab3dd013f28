import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { applyConfigFile, configKey } from './config.ts'
import { CommandFailure } from './failure.ts'
import { cacheOption, configOption, dataOption, frontEndPortOption, orderPortsOption, stocksOption } from './options.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bazaar-config-'))
  for (const name of ['BAZAAR_PORT', 'BAZAAR_DATA', 'BAZAAR_CACHE', 'BAZAAR_ORDER_PORTS', 'BAZAAR_STOCKS', 'BAZAAR_CONFIG'])
    vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

/** Returns the options that result from these words and this configuration file. */
async function resolved(words: readonly string[], config: unknown): Promise<Record<string, unknown>> {
  const file = join(folder, 'bazaar.json')
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config))
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  const command = program.command('up')
  const options = [frontEndPortOption, dataOption, cacheOption, orderPortsOption, stocksOption, configOption]
  for (const option of options) command.addOption(option())
  command.action(() => {})
  program.hook('preAction', (_, called) => applyConfigFile(called, program.commands))
  await program.parseAsync(['up', '--config', file, ...words], { from: 'user' })
  return command.opts()
}

describe('precedence', () => {
  test('a default holds when nothing else is given', async () => {
    expect(await resolved([], {})).toMatchObject({ port: 56_893, data: './data', cache: true })
  })

  test('the file goes before the default', async () => {
    expect(await resolved([], { port: 1, data: '/d', cache: 0, orderPorts: [7, 8, 9], stocks: 's.json' })).toMatchObject({
      port: 1,
      data: '/d',
      cache: false,
      orderPorts: [7, 8, 9],
      stocks: 's.json',
    })
  })

  test('the environment goes before the file', async () => {
    vi.stubEnv('BAZAAR_PORT', '2')
    expect(await resolved([], { port: 1 })).toMatchObject({ port: 2 })
  })

  test('a flag goes before the environment', async () => {
    vi.stubEnv('BAZAAR_PORT', '2')
    expect(await resolved(['--port', '3'], { port: 1 })).toMatchObject({ port: 3 })
  })
})

test.each([
  ['a key that no option has', { prt: 1 }, 'no option is called "prt"'],
  ['a value that the option would not take', { port: 70_000 }, '"port" is 70000'],
  ['text that is no JSON', '{', 'must hold one JSON object'],
  ['JSON that is no object', [], 'must hold one JSON object'],
])('refuses %s', async (_, config, words) => {
  const failure = await resolved([], config).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(CommandFailure)
  expect(failure).toMatchObject({ exitCode: 2, message: expect.stringContaining(words) })
})

test('refuses a named file that is not there, but not a missing bazaar.json', async () => {
  const named = new Command('x').addOption(configOption()).action(() => {})
  named.setOptionValue('config', join(folder, 'none.json'))
  expect(() => applyConfigFile(named, [named])).toThrow(/cannot read the configuration file/)
})

test('names keys after the variables', () => {
  expect(configKey('BAZAAR_CATALOG_PORT')).toBe('catalogPort')
  expect(configKey('CATALOG_HOST')).toBe('catalogHost')
  expect(configKey('BAZAAR_DATA')).toBe('data')
})
