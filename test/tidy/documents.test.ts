import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { generate } from '../../scripts/generate-messages.ts'
import { ERRORS, type ErrorRow } from '../../src/domain/errors.ts'
import { programFiles, textFiles, type TextFile } from './project-files.ts'

const files = textFiles()
const documents = files.filter(({ path }) => path.endsWith('.md'))
const textAt = (path: string): string => files.find((file) => file.path === path)?.text ?? ''

/** Returns the texts that the first group of the pattern finds. */
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '')

/** Returns the cells of every table row that starts with a code word: | `NAME` | … | */
const codeRows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )

// ---- the wire contract --------------------------------------------------------------------------------------------

test.each(Object.entries(generate()))('%s matches the .proto (npm run generate)', (path, text) => {
  expect(textAt(path)).toBe(text)
})

// ---- docs/api.md --------------------------------------------------------------------------------------------------

const errorLine = ([name, row]: [string, ErrorRow]): string =>
  [`\`${name}\``, row.status, row.code, row.message, row.wire ?? ''].join(' | ')

/** Returns the rows of the error table that the text lacks, and the rows of the text that the table lacks. */
function errorDifferences(text: string): string[] {
  const rows = codeRows(text).filter(([name = '']) => /^`[A-Z_]+`$/.test(name))
  const told = new Set(rows.map((cells) => cells.slice(0, 5).join(' | ')))
  const real = new Set(Object.entries<ErrorRow>(ERRORS).map(errorLine))
  return [...[...real].filter((row) => !told.has(row)), ...[...told].filter((row) => !real.has(row))]
}

describe('docs/api.md', () => {
  test('lists every error', () => expect(errorDifferences(textAt('docs/api.md'))).toEqual([]))

  test('an error left out, and one that does not exist, are found', () => {
    const all = Object.entries<ErrorRow>(ERRORS).map((entry) => `| ${errorLine(entry)} |`)
    expect(errorDifferences(all.join('\n'))).toEqual([])
    expect(errorDifferences(all.slice(1).join('\n'))).toHaveLength(1)
    expect(errorDifferences([...all, '| `OTHER` | 400 | 400 | other |  |'].join('\n'))).toHaveLength(1)
  })

  test('names every route', () => {
    const routes = matches(textAt('src/frontend/errors.ts'), /path: '(\/[^']+)', allow/g)
    expect(routes.length).toBeGreaterThan(5)
    // In a route two colons stand for one.
    const told = textAt('docs/api.md')
      .replaceAll(/<(\w+)>/g, ':$1')
      .replaceAll(/\b:(?=batch)/g, '::')
    expect(routes.filter((route) => !new RegExp(`(^|[\\s\`/])${route}($|[\\s\`?])`, 'm').test(told))).toEqual([])
  })

  test('names every gRPC call', () => {
    const calls = Object.values(generate()).flatMap((text) => matches(text, /'(\w+\.\w+)': \{ request/g))
    expect(calls.length).toBeGreaterThan(10)
    expect(calls.filter((call) => !textAt('docs/api.md').includes(`\`${call}\``))).toEqual([])
  })
})

// ---- the pages of the services ------------------------------------------------------------------------------------

const SERVICES = ['catalogue', 'replica', 'frontend'] as const
const INVARIANT = /^\s*\* ([A-Z]\d+)\. /gm
const TIMING = /^(?:export )?const ([A-Z_]+_MS) = ([\d_* ]+)$/gm

/** Returns the invariants and timing constants of a service's source that its page lacks. */
function untold(service: string, sources: readonly TextFile[], page: string): string[] {
  const rows = codeRows(page).map((cells) => cells.slice(0, 3).join(' '))
  return sources.flatMap(({ path, text }) => {
    const labels = matches(text, INVARIANT)
    const timings = [...text.matchAll(TIMING)].map(([, name, value = '']) => `\`${name}\` ${posix.basename(path)} ${productOf(value)}`)
    return [
      ...labels.filter((label) => !page.includes(`**${label}**`)).map((label) => `${service}: ${label} of ${path}`),
      ...timings.filter((row) => !rows.includes(row)).map((row) => `${service}: ${row}`),
    ]
  })
}

/** Computes a product such as `60 * 60 * 1000`. */
const productOf = (product: string): number =>
  product
    .replaceAll('_', '')
    .split('*')
    .reduce((value, factor) => value * Number(factor), 1)

describe.each(SERVICES)('src/%s/DESIGN.md', (service) => {
  const sources = programFiles().filter(({ path }) => path.startsWith(`src/${service}/`))

  test('tells every invariant and every timing constant', () => {
    expect(untold(service, sources, textAt(`src/${service}/DESIGN.md`))).toEqual([])
  })
})

test('each label stands for one thing', () => {
  const owners = programFiles().flatMap(({ path, text }) => matches(text, INVARIANT).map((label) => ({ label, path })))
  const twice = owners.filter(({ label, path }) => owners.some((other) => other.label === label && other.path !== path))
  expect(owners.length).toBeGreaterThan(20)
  expect(twice).toEqual([])
})

test('an invariant or a timing constant that a page lacks is found', () => {
  const sources = [{ path: 'src/replica/a.ts', text: '/**\n * Z9. All is well.\n */\nconst NAP_MS = 2 * 1_000\n' }]
  expect(untold('replica', sources, '')).toHaveLength(2)
  expect(untold('replica', sources, '**Z9** All is well.\n| `NAP_MS` | a.ts | 1000 | why |')).toHaveLength(1)
  expect(untold('replica', sources, '**Z9** All is well.\n| `NAP_MS` | a.ts | 2000 | why |')).toEqual([])
})

// ---- the version --------------------------------------------------------------------------------------------------

test('package.json, its lock file and CHANGELOG.md agree on the version', () => {
  const { version } = JSON.parse(textAt('package.json')) as { version: string }
  const lock = JSON.parse(textAt('package-lock.json')) as { version: string; packages: Record<string, { version: string }> }
  const [latest] = matches(textAt('CHANGELOG.md'), /^## \[(\d[^\]]*)\]/gm)
  expect({ lock: lock.version, locked: lock.packages['']?.version, latest }).toEqual({ lock: version, locked: version, latest: version })
})

// ---- labels -------------------------------------------------------------------------------------------------------

const DEFINED = /^\s*\*\s+([A-Z]\d+)\. /gm
/** A label in a comment, in a page, or in front of what a planted bug or a test says of itself. */
const CITED = /(?<![\w.-])([A-Z]\d{1,2})(?!\w)/g
const COMMENT = /(?:^|\s)\/\/.*$|^\s*\/?\*.*$|'[A-Z]\d+: /
/** Words that look like a label, and are none. */
const NO_LABELS: ReadonlySet<string> = new Set(['V8'])
/** This file makes labels up. */
const MADE_UP_IN = 'test/tidy/documents.test.ts'

/** Returns the citations of labels that no header of a source file defines. */
function undefinedLabels(all: readonly TextFile[]): string[] {
  const sources = all.filter(({ path }) => path.endsWith('.ts'))
  const defined = new Set(sources.flatMap(({ text }) => matches(text, DEFINED)))
  return all.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => {
      const said = path.endsWith('.ts') ? (COMMENT.exec(line)?.[0] ?? '') : line
      const lost = matches(said, CITED).filter((label) => !defined.has(label) && !NO_LABELS.has(label))
      return lost.map((label) => `${path}:${at + 1} cites ${label}`)
    }),
  )
}

test('every label that is cited is defined', () => {
  const told = files.filter(({ path }) => /\.(ts|md)$/.test(path) && path !== MADE_UP_IN)
  expect(undefinedLabels(told)).toEqual([])
})

test('ARCHITECTURE.md says where the labels of each letter are', () => {
  const list = textAt('ARCHITECTURE.md').split('\n## Labels\n')[1] ?? ''
  const letters = programFiles().flatMap(({ text }) => matches(text, DEFINED).map((label) => label.charAt(0)))
  expect([...new Set(letters)].filter((letter) => !new RegExp(`\\b${letter}(?:,|\\s\\()`).test(list))).toEqual([])
})

test('a label that is cited and not defined is found', () => {
  const header = { path: 'src/a.ts', text: '/**\n * Z1. All is well.\n */\nconst Z3 = 1' }
  const citing = (path: string, text: string) => undefinedLabels([header, { path, text }])
  expect(citing('src/b.ts', 'f() // Z1\n/** Z1, then more. */')).toEqual([])
  expect(citing('src/b.ts', 'f()\nf() // See Z2.')).toEqual(['src/b.ts:2 cites Z2'])
  expect(citing('src/b.ts', "what: 'Z2: not all is well'")).toEqual(['src/b.ts:1 cites Z2'])
  expect(citing('src/DESIGN.md', '| **Z2** | All is well. |')).toEqual(['src/DESIGN.md:1 cites Z2'])
})

// ---- links --------------------------------------------------------------------------------------------------------

const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

const anchorsIn = (text: string): string[] => matches(text, /^#+ (.+)$/gm).map(anchorOf)

/** Returns the links between files of the project that lead nowhere. */
function brokenLinks({ path, text }: TextFile, all: readonly TextFile[]): string[] {
  const targets = matches(text, /\]\(([^)\s]+)\)/g).filter((target) => !/^[a-z]+:/.test(target))
  return targets
    .filter((target) => {
      const [file = '', anchor] = target.split('#')
      const pointed = file === '' ? path : posix.join(posix.dirname(path), file)
      const found = all.find((each) => each.path === pointed || each.path.startsWith(`${pointed.replace(/\/$/, '')}/`))
      return !found || (anchor !== undefined && !anchorsIn(found.text).includes(anchor))
    })
    .map((target) => `${path}: ${target}`)
}

test('every link between documents leads somewhere', () => {
  expect(documents.length).toBeGreaterThan(8)
  expect(documents.flatMap((document) => brokenLinks(document, files))).toEqual([])
})

test('a link that leads nowhere is found', () => {
  const all = [
    { path: 'docs/a.md', text: '# One more thing' },
    { path: 'b.md', text: '' },
  ]
  const from = (text: string) => brokenLinks({ path: 'b.md', text }, all)
  expect(from('[a](docs/a.md) [a](docs/a.md#one-more-thing) [w](https://example.org/x) [docs](docs/)')).toEqual([])
  expect(from('[a](a.md)')).toEqual(['b.md: a.md'])
  expect(from('[a](docs/a.md#two)')).toEqual(['b.md: docs/a.md#two'])
})

// ---- docs/glossary.md ---------------------------------------------------------------------------------------------

const TERMS = [
  ...['acknowledged', 'batch', 'catalogue', 'decided', 'decision', 'digest', 'entry', 'epoch', 'fingerprint'],
  ...['follower', 'front end', 'gap', 'generation', 'genesis', 'group commit', 'heartbeat', 'idempotency key'],
  ...['in-sync', 'invalidate', 'leader', 'learner', 'lease', 'ledger', 'log', 'order', 'order log', 'order number'],
  ...['outcome', 'position', 'propagate'],
  ...['published', 'rejection', 'replayed', 'replica', 'seal', 'session', 'stranger', 'synced', 'synchronize', 'unknown outcome'],
]

const missingTerms = (text: string): string[] => TERMS.filter((term) => !text.includes(`\n**${term}**`))

test('the glossary holds the main terms', () => expect(missingTerms(textAt('docs/glossary.md'))).toEqual([]))

test('a missing term is found', () => expect(missingTerms('\n**batch** is one.')).toHaveLength(TERMS.length - 1))
