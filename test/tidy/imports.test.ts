import { describe, expect, test } from 'vitest'
import { importsOf, parse, placeOf, programFiles, type SourceFile } from './project-files.ts'

/** Which rooms of src/ each room may import. The services meet only on the wire. ARCHITECTURE.md draws this table. */
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

interface NarrowPermission {
  readonly from: string
  readonly to: string
  readonly file: string
  readonly reason: string
}

/** Of these rooms the table's permission covers one file only. */
const ONLY: readonly NarrowPermission[] = [
  { from: 'frontend', to: 'http', file: 'src/http/types.ts', reason: 'the answers look the same at both ends' },
]

const roomOf = (path: string): string => path.split('/')[1] ?? ''

function forbiddenImports(file: SourceFile): string[] {
  return importsOf(file).flatMap(({ path, specifier, node }) => {
    // Only the domain stands on nothing at all, packages included.
    const wrong = path === undefined ? roomOf(file.path) === 'domain' : isForbidden(file.path, path)
    return wrong ? [`${placeOf(file, node)} imports ${specifier}`] : []
  })
}

function isForbidden(from: string, to: string): boolean {
  const [room, other] = [roomOf(from), roomOf(to)]
  if (!to.startsWith('src/')) return true
  if (room === other) return false
  if (!MAY_IMPORT[room]?.includes(other)) return true
  return ONLY.some((rule) => rule.from === room && rule.to === other && rule.file !== to)
}

describe('who imports whom', () => {
  const files = programFiles()

  test('every room of src/ imports only what the table allows', () => {
    expect(files.flatMap(forbiddenImports)).toEqual([])
  })

  test('every folder of src/ is in the table', () => {
    const rooms = new Set(files.map(({ path }) => roomOf(path)))
    expect([...rooms].toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted())
  })

  test.each([
    ['src/replica/a.ts', `import { decide } from '../catalogue/decide.ts'`],
    ['src/frontend/a.ts', `import type { Leader } from '../replica/leader.ts'`],
    ['src/catalogue/a.ts', `export { routes } from '../frontend/routes.ts'`],
    ['src/replica/a.ts', `const late = await import('../frontend/routes.ts')`],
    ['src/domain/a.ts', `import { hash } from 'node:crypto'`],
    ['src/domain/a.ts', `import type { Clock } from '../runtime/clock.ts'`],
    ['src/storage/embedded/a.ts', `import { x } from '../../catalogue/decide.ts'`],
    ['src/frontend/a.ts', `import { BazaarClient } from '../http/client.ts'`],
    ['src/runtime/a.ts', `import type { Network } from '../wire/network.ts'`],
    ['src/catalogue/a.ts', `import { serveGrpc } from '../rpc/server.ts'`],
    ['src/replica/a.ts', `import { startCluster } from '../../test/cluster.ts'`],
  ])('in %s, %s is found', (path, text) => {
    expect(forbiddenImports(parse(path, text))).toHaveLength(1)
  })
})
