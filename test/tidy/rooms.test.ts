import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { importsOf, isProgram, nodesOf, parse, placeOf, programFiles, type SourceFile } from './project-files.ts'

/**
 * Only some rooms may use the outside world. Everything else gets it passed in, so that a simulation can replace it. Each kind
 * names the rooms that may use it. An entry that nothing needs any more fails the test, too.
 */
interface OutsideKind {
  readonly what: RegExp
  readonly rooms: readonly { readonly path: RegExp; readonly reason: string }[]
}

const COMMAND_LINE = /^src\/cli\//
const OUTSIDE: Readonly<Record<string, OutsideKind>> = {
  time: {
    what: /^((Date|performance)\.now|new Date\(\)|set(Timeout|Interval|Immediate)|AbortSignal\.timeout|node:timers.*)$/,
    rooms: [{ path: /^src\/runtime\//, reason: 'the clock' }],
  },
  randomness: {
    what: /^(Math\.random|randomBytes|randomUUID|randomInt|getRandomValues)$/,
    rooms: [{ path: /^src\/runtime\//, reason: 'the source of ids' }],
  },
  files: {
    what: /^node:fs(\/promises)?$/,
    rooms: [
      { path: /^src\/runtime\/connection-room\.ts$/, reason: 'asks the system how many descriptors there are' },
      { path: COMMAND_LINE, reason: 'makes data folders, keeps logs, and reads the configuration file' },
      { path: /^src\/storage\/embedded\//, reason: 'makes and syncs the folder of a database file' },
    ],
  },
  database: {
    what: /^node:sqlite$/,
    rooms: [
      { path: /^src\/storage\/embedded\//, reason: 'the engine' },
      { path: /^src\/storage\/verify\//, reason: 'reads files that may be damaged' },
    ],
  },
  sockets: {
    what: /^node:(net|dgram|http|https|http2|tls)$/,
    rooms: [
      { path: /^src\/runtime\/http-(exchange|get)\.ts$/, reason: 'one HTTP request, as a client' },
      { path: /^src\/runtime\/kept-connections\.ts$/, reason: 'closes idle connections of HTTP clients' },
      { path: /^src\/runtime\/direct-connection\.ts$/, reason: 'orders and lookups come without the framework' },
      { path: /^src\/runtime\/requests-in-turn\.ts$/, reason: 'requests of a connection are answered in their order' },
      { path: /^src\/runtime\/event-stream\.ts$/, reason: 'an answer that goes on' },
      { path: /^src\/runtime\/json-answer\.ts$/, reason: 'the words that belong to a status' },
      { path: /^src\/rpc\/shared-port\.ts$/, reason: 'gRPC and frames share a port' },
      { path: /^src\/rpc\/frame-client\.ts$/, reason: 'connects to the other end of a stream' },
      { path: /^src\/rpc\/client-watch\.ts$/, reason: "the windows of gRPC's connections, and whether clients are still there" },
      { path: /^src\/rpc\/unread-streams\.ts$/, reason: "what the other ends of gRPC's connections do not read" },
      { path: /^src\/http\//, reason: 'the client of a front end, which no service uses' },
      { path: /^src\/cli\/supervisor\/ports\.ts$/, reason: 'tries ports before it starts processes on them' },
      { path: /^src\/cli\/supervisor\/(control-server|control-guard|event-readers|landing-page)\.ts$/, reason: 'the control port' },
    ],
  },
  gRPC: {
    what: /^(@grpc\/.*|grpc-.*)$/,
    rooms: [{ path: /^src\/rpc\//, reason: 'the real network between processes' }],
  },
  processes: {
    what: /^node:(child_process|worker_threads|cluster)$/,
    rooms: [
      { path: /^src\/cli\/supervisor\//, reason: 'the supervisor starts and watches processes' },
      { path: /^src\/storage\/embedded\/file\/inode-lock\.ts$/, reason: 'a lock that Node itself cannot take' },
    ],
  },
  'the process itself': {
    what: /^process\.(argv|env|on|once|exit|exitCode|kill|stdin|stdout|stderr|channel|connected)$/,
    rooms: [
      { path: COMMAND_LINE, reason: 'arguments, environment, signals and exit codes belong to the command line' },
      { path: /^src\/runtime\/lifecycle\.ts$/, reason: 'starts and ends every service process' },
    ],
  },
}

interface Mention {
  readonly text: string
  readonly node: ts.Node
}

/** Returns everything in the file that might be the outside world: names of globals and of imports. */
function mentions(file: SourceFile): readonly Mention[] {
  const imported = importsOf(file).flatMap(({ specifier, names, node }) => [specifier, ...names].map((text) => ({ text, node })))
  const used = [...nodesOf(file)].flatMap((node): Mention[] => {
    const text = nameOf(node, file.tree)
    return text === undefined ? [] : [{ text, node }]
  })
  return [...imported, ...used]
}

function nameOf(node: ts.Node, tree: ts.SourceFile): string | undefined {
  if (ts.isNewExpression(node)) return node.getText(tree)
  if (ts.isPropertyAccessExpression(node)) return node.getText(tree).replace(/^globalThis\./, '')
  const { parent } = node
  if (!ts.isIdentifier(node) || ts.isPropertyAccessExpression(parent) || ts.isImportSpecifier(parent)) return undefined
  return node.text
}

function outOfPlace(file: SourceFile, mentioned = mentions(file)): string[] {
  return mentioned.flatMap(({ text, node }) =>
    Object.entries(OUTSIDE)
      .filter(([, { what, rooms }]) => what.test(text) && !rooms.some(({ path }) => path.test(file.path)))
      .map(([kind]) => `${placeOf(file, node)} uses ${text}: ${kind} has a room of its own`),
  )
}

describe('the outside world', () => {
  const files = programFiles().map((file) => ({ file, mentioned: mentions(file) }))

  test('is used only in its rooms', () => {
    expect(files.flatMap(({ file, mentioned }) => outOfPlace(file, mentioned))).toEqual([])
  })

  test('needs every room that it is given', () => {
    const isNeeded = (room: RegExp, what: RegExp) =>
      files.some(({ file, mentioned }) => room.test(file.path) && mentioned.some(({ text }) => what.test(text)))
    for (const [kind, { what, rooms }] of Object.entries(OUTSIDE)) {
      for (const { path } of rooms) expect(isNeeded(path, what), `${kind} in ${path}`).toBe(true)
    }
  })

  test.each([
    ['src/replica/a.ts', 'const now = Date.now()'],
    ['src/replica/a.ts', 'const now = new Date()'],
    ['src/rpc/a.ts', 'setTimeout(() => {}, 5)'],
    ['src/cli/a.ts', 'globalThis.performance.now()'],
    ['src/catalogue/a.ts', 'run(setImmediate)'],
    ['src/frontend/a.ts', 'const lucky = Math.random() < 0.5'],
    ['src/frontend/a.ts', `import { randomBytes } from 'node:crypto'`],
    ['src/replica/a.ts', `import { readFileSync } from 'node:fs'`],
    ['src/replica/a.ts', `const fs = await import('node:fs/promises')`],
    ['src/storage/memory/a.ts', `import { DatabaseSync } from 'node:sqlite'`],
    ['src/rpc/a.ts', `import { connect } from 'node:net'`],
    ['src/frontend/a.ts', `import { Client } from '@grpc/grpc-js'`],
    ['src/runtime/a.ts', `import { spawn } from 'node:child_process'`],
    ['src/runtime/clock.ts', 'const zone = process.env.TZ'],
    ['src/http/a.ts', `process.on('SIGTERM', stop)`],
  ])('in %s, %s is found', (path, text) => {
    expect(isProgram(path)).toBe(true)
    expect(outOfPlace(parse(path, text))).not.toEqual([])
  })
})
