import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { isProgram, nodesOf, parse, placeOf, sourceFiles, textFiles, type SourceFile } from './project-files.ts'

const FILE_LINES_MAX = 350
const FUNCTION_LINES_MAX = 60
/** Names that say nothing about what is inside. */
const SAYS_NOTHING = /(^|\/)(utils?|common|helpers?|misc|shared)(\/|\.[a-z]+$)/

const found = (file: SourceFile, wrong: (node: ts.Node) => boolean): string[] =>
  [...nodesOf(file)].filter(wrong).map((node) => placeOf(file, node))

const isDefaultExport = (node: ts.Node): boolean =>
  (ts.isExportAssignment(node) && !node.isExportEquals) || hasModifier(node, ts.SyntaxKind.DefaultKeyword)

const isAny = (node: ts.Node): boolean => node.kind === ts.SyntaxKind.AnyKeyword

/** A constructor has no other way to be private. */
const isPrivateKeyword = (node: ts.Node): boolean =>
  !ts.isConstructorDeclaration(node) &&
  (hasModifier(node, ts.SyntaxKind.PrivateKeyword) || hasModifier(node, ts.SyntaxKind.ProtectedKeyword))

const hasModifier = (node: ts.Node, kind: ts.SyntaxKind): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false)

/** Functions that are too long, counted without the functions inside them, or (`whole`) with them. */
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

const isLong = ({ text }: { text: string }): boolean => text.trimEnd().split('\n').length > FILE_LINES_MAX

const openEnds = ({ path, text }: { path: string; text: string }): string[] =>
  text.split('\n').flatMap((line, at) => (/\b(TODO|FIXME|XXX)\b/.test(line) ? [`${path}:${at + 1}`] : []))

/** What a tool that reads its configuration asks for. */
const DEFAULT_EXPORTS: ReadonlySet<string> = new Set(['vitest.config.ts'])
/** This file names what it forbids. */
const THIS_FILE = 'test/tidy/style.test.ts'

describe('house style', () => {
  const files = sourceFiles()

  test('no default exports', () => {
    const ours = files.filter(({ path }) => !DEFAULT_EXPORTS.has(path))
    expect(ours.flatMap((file) => found(file, isDefaultExport))).toEqual([])
  })

  test('no any', () => expect(files.flatMap((file) => found(file, isAny))).toEqual([]))

  test('#private, not private', () => expect(files.flatMap((file) => found(file, isPrivateKeyword))).toEqual([]))

  test('no folder or file whose name says nothing', () => {
    expect(textFiles().filter(({ path }) => SAYS_NOTHING.test(path)).map(({ path }) => path)).toEqual([])
  })

  test(`no file over ${FILE_LINES_MAX} lines`, () => expect(files.filter(isLong).map(({ path }) => path)).toEqual([]))

  test(`no function of the program over ${FUNCTION_LINES_MAX} lines of its own`, () => {
    const program = files.filter(({ path }) => isProgram(path))
    expect(program.flatMap((file) => longFunctions(file, false))).toEqual([])
    // A function that makes others is as long as all of them: worth a look, no more.
    const whole = program.flatMap((file) => longFunctions(file, true))
    if (whole.length > 0) console.warn(`with the functions inside them: ${whole.join(', ')}`)
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

  test('long files and functions, and open ends', () => {
    const body = 'a()\n'.repeat(FILE_LINES_MAX)
    const file = parse('src/a.ts', `function f() {\n${body}} // TODO\n`)
    expect(isLong(file)).toBe(true)
    expect(longFunctions(file, false)).toHaveLength(1)
    expect(openEnds(file)).toEqual([`src/a.ts:${FILE_LINES_MAX + 2}`])
  })
})
