import { describe, expect, test } from 'vitest'
import { circlesIn, importGraph, roomOf } from './import-graph.ts'
import { importsOf, isProgram, parse, placeOf, sourceFiles, type SourceFile } from './project-files.ts'

/**
 * The rooms that each room may import, from the bottom up: no room imports one that is below it in this list. The services meet
 * only on the wire. ARCHITECTURE.md has this table.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  runtime: ['domain'],
  wire: ['domain', 'runtime'],
  storage: ['domain', 'runtime'],
  http: ['domain', 'runtime'],
  rpc: ['domain', 'runtime', 'wire'],
  catalogue: ['domain', 'runtime', 'wire', 'storage'],
  replica: ['domain', 'runtime', 'wire', 'storage'],
  frontend: ['domain', 'runtime', 'wire', 'http'],
  cli: ['domain', 'runtime', 'wire', 'storage', 'http', 'rpc', 'catalogue', 'replica', 'frontend'],
}

/** The same for the folders around the program. A unit test in src/ may import what test/ may. */
const FOLDERS_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  src: [],
  scripts: [],
  web: ['src'],
  test: ['src', 'scripts'],
  sim: ['src', 'test'],
  model: [],
  bench: ['src', 'test'],
}

interface NarrowPermission {
  readonly from: string
  readonly to: string
  readonly files: readonly string[]
  readonly reason: string
}

/** Permissions of the table that cover only some files of the imported room. */
const ONLY: readonly NarrowPermission[] = [
  { from: 'frontend', to: 'http', files: ['src/http/types.ts', 'src/http/live.ts'], reason: 'what is sent looks the same at both ends' },
]
/** The files of the program that the page may import. They import nothing themselves, so that no code of a server gets into it. */
const FOR_THE_PAGE: readonly string[] = ['src/http/control.ts', 'src/http/live.ts', 'src/http/types.ts']

const folderOf = (path: string): string => {
  const folder = path.split('/')[0] ?? ''
  return folder === 'src' && !isProgram(path) ? 'test' : folder
}
/** The folder of src/ that the file is in. */
const innerRoomOf = (path: string): string => roomOf(path)?.split('/')[1] ?? ''

function forbiddenImports(file: SourceFile): string[] {
  return importsOf(file).flatMap(({ path, specifier, node }) => {
    // Only the domain imports nothing at all, packages included.
    const wrong = path === undefined ? isProgram(file.path) && innerRoomOf(file.path) === 'domain' : isForbidden(file.path, path)
    return wrong ? [`${placeOf(file, node)} imports ${specifier}`] : []
  })
}

function isForbidden(from: string, to: string): boolean {
  const [folder, other] = [folderOf(from), folderOf(to)]
  if (folder === 'web' && other === 'src') return !FOR_THE_PAGE.includes(to)
  if (folder !== other) return !FOLDERS_MAY_IMPORT[folder]?.includes(other)
  return folder === 'src' && isForbiddenInside(from, to)
}

function isForbiddenInside(from: string, to: string): boolean {
  const [room, other] = [innerRoomOf(from), innerRoomOf(to)]
  if (room === other) return false
  if (!MAY_IMPORT[room]?.includes(other)) return true
  return ONLY.some((rule) => rule.from === room && rule.to === other && !rule.files.includes(to))
}

describe('who imports whom', () => {
  const files = sourceFiles().filter(({ path }) => path.includes('/'))

  test('every room imports only what the tables allow', () => {
    expect(files.flatMap(forbiddenImports)).toEqual([])
  })

  test('every folder is in the tables', () => {
    const folders = new Set(files.map(({ path }) => folderOf(path)))
    const rooms = new Set(files.filter(({ path }) => folderOf(path) === 'src').map(({ path }) => innerRoomOf(path)))
    expect([...folders].toSorted()).toEqual(Object.keys(FOLDERS_MAY_IMPORT).toSorted())
    expect([...rooms].toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted())
  })

  test.each([
    ['rooms', MAY_IMPORT],
    ['folders', FOLDERS_MAY_IMPORT],
  ])('no permission runs up the table of %s', (_name, table) => {
    const names = Object.keys(table)
    const up = names.flatMap((name, at) => (table[name] ?? []).filter((other) => !names.slice(0, at).includes(other)))
    expect(up).toEqual([])
  })

  test('no imports run in a circle, those of types included', () => {
    expect(circlesIn(importGraph(files))).toEqual([])
  })

  test.each([
    ['src/replica/a.ts', `import { decide } from '../catalogue/decide.ts'`],
    ['src/frontend/a.ts', `import type { Leader } from '../replica/leader.ts'`],
    ['src/catalogue/a.ts', `export { routes } from '../frontend/routes.ts'`],
    ['src/replica/a.ts', `const late = await import('../frontend/routes.ts')`],
    ['src/replica/a.ts', `type Routes = import('../frontend/routes.ts').Routes`],
    ['src/domain/a.ts', `import { hash } from 'node:crypto'`],
    ['src/domain/a.ts', `import type { Clock } from '../runtime/clock.ts'`],
    ['src/storage/embedded/a.ts', `import { x } from '../../catalogue/decide.ts'`],
    ['src/frontend/a.ts', `import { BazaarClient } from '../http/client.ts'`],
    ['src/runtime/a.ts', `import type { Network } from '../wire/network.ts'`],
    ['src/catalogue/a.ts', `import { serveGrpc } from '../rpc/server.ts'`],
    ['src/replica/a.ts', `import { startCluster } from '../../test/cluster.ts'`],
    ['src/replica/a.ts', `import { tried } from './a.test.ts'`],
    ['src/replica/a.test.ts', `import { SimNetwork } from '../../sim/network.ts'`],
    ['test/a.ts', `import { sum } from '../bench/run/statistics.ts'`],
    ['bench/a.ts', `import { SimNetwork } from '../sim/network.ts'`],
    ['web/a.tsx', `import { BazaarClient } from '../src/http/client.ts'`],
    ['scripts/a.ts', `import { ERRORS } from '../src/domain/errors.ts'`],
  ])('in %s, %s is found', (path, text) => {
    expect(forbiddenImports(parse(path, text))).toHaveLength(1)
  })

  test('a circle is found, and its shortest way is named', () => {
    const circle = [
      parse('sim/a.ts', `import type { B } from './b.ts'\nimport { d } from './d.ts'`),
      parse('sim/b.ts', `export { c } from './c.ts'\nimport { a } from './a.ts'`),
      parse('sim/c.ts', `const a = await import('./a.ts')`),
      parse('sim/d.ts', `import { e } from './e.ts'`),
      parse('sim/e.ts', `type D = import('./d.ts').D`),
      parse('sim/f.ts', `import { a } from './a.ts'`),
    ]
    expect(circlesIn(importGraph(circle))).toEqual(['sim/a.ts → sim/b.ts → sim/a.ts', 'sim/d.ts → sim/e.ts → sim/d.ts'])
    expect(circlesIn(importGraph(circle.slice(-1)))).toEqual([])
  })
})
