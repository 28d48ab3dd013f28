import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { isProgram, nodesOf, parse, placeOf, programFiles, sourceFiles, textFiles, type SourceFile } from './project-files.ts'

const FILE_LINES_MAX = 350
const FUNCTION_LINES_MAX = 60
/** The shortest bound of a wait. A wait with a shorter bound would fail on a busy machine. */
const WAIT_MS_MIN = 60_000
/** Names that say nothing about what is inside. */
const SAYS_NOTHING = /(^|\/)(utils?|common|helpers?|misc|shared)(\/|\.[a-z]+$)/

const found = (file: SourceFile, wrong: (node: ts.Node) => boolean): string[] =>
  [...nodesOf(file)].filter(wrong).map((node) => placeOf(file, node))

const isDefaultExport = (node: ts.Node): boolean =>
  (ts.isExportAssignment(node) && !node.isExportEquals) || hasModifier(node, ts.SyntaxKind.DefaultKeyword)

const isAny = (node: ts.Node): boolean => node.kind === ts.SyntaxKind.AnyKeyword

/** Says whether a member is declared private or protected. A constructor may be, since it has no other way to be private. */
const isPrivateKeyword = (node: ts.Node): boolean =>
  !ts.isConstructorDeclaration(node) &&
  (hasModifier(node, ts.SyntaxKind.PrivateKeyword) || hasModifier(node, ts.SyntaxKind.ProtectedKeyword))

const hasModifier = (node: ts.Node, kind: ts.SyntaxKind): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false)

/** Returns the functions that are too long, counted without the functions inside them, or (`whole`) with them. */
function longFunctions(file: SourceFile, whole: boolean): string[] {
  const linesOf = (node: ts.Node): number => {
    const lineAt = (position: number) => file.tree.getLineAndCharacterOfPosition(position).line
    return lineAt(node.end) - lineAt(node.getStart(file.tree)) + 1
  }
  return [...nodesOf(file)].filter(ts.isFunctionLike).flatMap((node) => {
    const inside = whole ? [] : outermostFunctions(node)
    const lines = inside.reduce((rest, inner) => rest - linesOf(inner) + 1, linesOf(node))
    return lines > FUNCTION_LINES_MAX ? [`${placeOf(file, node)} has ${lines} lines`] : []
  })
}

function outermostFunctions(node: ts.Node): ts.Node[] {
  const inside: ts.Node[] = []
  ts.forEachChild(node, (child) => {
    inside.push(...(ts.isFunctionLike(child) ? [child] : outermostFunctions(child)))
  })
  return inside
}

/** Returns the docstrings that leave out their verb. */
const riddles = ({ path, text }: { path: string; text: string }): string[] =>
  text.split('\n').flatMap((line, at) => (/^\s*(\/\*\*|\*) (What|Whether)\b/.test(line) ? [`${path}:${at + 1}`] : []))

const isLong = ({ text }: { text: string }): boolean => text.trimEnd().split('\n').length > FILE_LINES_MAX

const openEnds = ({ path, text }: { path: string; text: string }): string[] =>
  text.split('\n').flatMap((line, at) => (/\b(TODO|FIXME|XXX)\b/.test(line) ? [`${path}:${at + 1}`] : []))

/**
 * Returns the waits of tests that a slow machine can end: `vi.waitFor` and `vi.waitUntil`, which give up after a second by
 * default, and `eventually` with less than a minute.
 */
function hastyWaits(file: SourceFile): string[] {
  const numberOf = (node: ts.Node | undefined): number | undefined => {
    if (node && ts.isNumericLiteral(node)) return Number(node.text)
    const text = node && ts.isIdentifier(node) ? node.text : ''
    const declared = [...nodesOf(file)].find((each) => ts.isVariableDeclaration(each) && each.name.getText(file.tree) === text)
    return declared && ts.isVariableDeclaration(declared) && declared.initializer !== node ? numberOf(declared.initializer) : undefined
  }
  return found(file, (node) => {
    if (!ts.isCallExpression(node)) return false
    const called = node.expression.getText(file.tree)
    return /^vi\.wait(For|Until)$/.test(called) || (called === 'eventually' && (numberOf(node.arguments[1]) ?? WAIT_MS_MIN) < WAIT_MS_MIN)
  })
}

/** Files with a default export, since the tool that reads them asks for one. */
const DEFAULT_EXPORTS: ReadonlySet<string> = new Set(['vitest.config.ts', 'web/vite.config.ts'])
/** This file names what it forbids. */
const THIS_FILE = 'test/tidy/style.test.ts'

/** Returns constants that share a name but not a value. Whoever reads one of them thinks of the other. */
function ambiguousConstants(files: readonly SourceFile[]): string[] {
  const seen = new Map<string, { readonly value: string; readonly place: string }[]>()
  for (const file of files) {
    for (const statement of file.tree.statements) {
      if (!ts.isVariableStatement(statement)) continue
      for (const declared of statement.declarationList.declarations) {
        const name = declared.name.getText(file.tree)
        const value = declared.initializer?.getText(file.tree) ?? ''
        if (!/^[A-Z][A-Z_0-9]+$/.test(name) || !/^[-\d_.()*+/\s]+$/.test(value)) continue
        seen.set(name, [...(seen.get(name) ?? []), { value, place: placeOf(file, declared) }])
      }
    }
  }
  return [...seen]
    .filter(([, places]) => new Set(places.map(({ value }) => value)).size > 1)
    .map(([name, places]) => `${name}: ${places.map(({ place, value }) => `${place} (${value})`).join(', ')}`)
}

describe('house style', () => {
  const files = sourceFiles()

  test('no default exports', () => {
    const ours = files.filter(({ path }) => !DEFAULT_EXPORTS.has(path))
    expect(ours.flatMap((file) => found(file, isDefaultExport))).toEqual([])
  })

  test('no any', () => expect(files.flatMap((file) => found(file, isAny))).toEqual([]))

  test('#private, not private', () => expect(files.flatMap((file) => found(file, isPrivateKeyword))).toEqual([]))

  test('no folder or file whose name says nothing', () => {
    expect(
      textFiles()
        .filter(({ path }) => SAYS_NOTHING.test(path))
        .map(({ path }) => path),
    ).toEqual([])
  })

  test('a constant of one name has one value', () => expect(ambiguousConstants(programFiles())).toEqual([]))

  test('two values of one name are found', () => {
    const [one, other] = [parse('src/a.ts', 'const TRY_MS = 1_000'), parse('src/b.ts', 'export const TRY_MS = 2_000 // ms')]
    expect(ambiguousConstants([one, other])).toEqual(['TRY_MS: src/a.ts:1 (1_000), src/b.ts:1 (2_000)'])
    expect(ambiguousConstants([one, parse('src/c.ts', 'const TRY_MS = 1_000')])).toEqual([])
  })

  test(`no file over ${FILE_LINES_MAX} lines`, () => expect(files.filter(isLong).map(({ path }) => path)).toEqual([]))

  test(`no function of the program over ${FUNCTION_LINES_MAX} lines of its own`, () => {
    const program = files.filter(({ path }) => isProgram(path))
    expect(program.flatMap((file) => longFunctions(file, false))).toEqual([])
    // A function that makes others is as long as all of them. It is worth a look, but no failure.
    const whole = program.flatMap((file) => longFunctions(file, true))
    if (whole.length > 0) console.warn(`with the functions inside them: ${whole.join(', ')}`)
  })

  test('no wait of a test that is given up within a minute', () => expect(files.flatMap(hastyWaits)).toEqual([]))

  test('a docstring begins with a verb or names a thing', () => expect(files.flatMap(riddles)).toEqual([]))

  test('a docstring without its verb is found', () => {
    expect(riddles({ path: 'a.ts', text: '/** Whether it is new. */\n/** Says whether it is new. */' })).toEqual(['a.ts:1'])
  })

  test('no open ends', () => expect(files.filter(({ path }) => path !== THIS_FILE).flatMap(openEnds)).toEqual([]))
})

describe('the rules of house style find what they look for', () => {
  test.each([
    ['export default function start() {}', isDefaultExport],
    ['const a = 1\nexport default a', isDefaultExport],
    ['const a = JSON.parse(text) as any', isAny],
    ['function f(a: Map<string, any[]>) {}', isAny],
    ['class A { private b = 1 }', isPrivateKeyword],
  ])('%s', (text, rule) => expect(found(parse('src/a.ts', text), rule)).toHaveLength(1))

  test.each(['src/utils/a.ts', 'src/replica/helpers/a.ts', 'src/replica/utils.ts', 'src/common/a.ts'])('%s', (path) =>
    expect(path).toMatch(SAYS_NOTHING),
  )

  test.each([
    [`await vi.waitFor(() => expect(a).toBe(1))`, 1],
    [`await eventually('a', 20_000, () => a)`, 1],
    [`const A_MS = 10_000\nawait eventually('a', A_MS, () => a)`, 1],
    [`await eventually('a', 60_000, () => a)`, 0],
    [`import { HOPELESS_MS } from './b.ts'\nawait eventually('a', HOPELESS_MS, () => a)`, 0],
  ])('%s: %i', (text, hasty) => expect(hastyWaits(parse('test/a.ts', text))).toHaveLength(hasty))

  test('long files and functions, and open ends', () => {
    const body = 'a()\n'.repeat(FILE_LINES_MAX)
    const file = parse('src/a.ts', `function f() {\n${body}} // TODO\n`)
    expect(isLong(file)).toBe(true)
    expect(longFunctions(file, false)).toHaveLength(1)
    expect(openEnds(file)).toEqual([`src/a.ts:${FILE_LINES_MAX + 2}`])
  })
})
