import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** The project's folder on this machine. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', '.git', 'data', '.bazaar', 'dist'])
const NO_TEXT = /\.(png|jpe?g|gif|ico|woff2?|db|log)$/
const GENERATED: ReadonlySet<string> = new Set(['src/wire/messages.ts', 'src/wire/methods.ts'])

export interface TextFile {
  /** The path from the project's folder, with forward slashes. */
  readonly path: string
  readonly text: string
}

export interface SourceFile extends TextFile {
  readonly tree: ts.SourceFile
}

/** Returns every text file of the project, even one that git does not know yet. */
export function textFiles(): readonly TextFile[] {
  return pathsIn('').map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

function pathsIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((item) => {
    const path = posix.join(folder, item.name)
    if (NOT_OURS.has(item.name)) return [] // Files, too: in a worktree, .git is a file.
    if (item.isDirectory()) return pathsIn(path)
    return item.isFile() && !NO_TEXT.test(item.name) ? [path] : []
  })
}

let parsed: readonly SourceFile[] | undefined

/** Returns every TypeScript file that a person wrote. */
export function sourceFiles(): readonly SourceFile[] {
  parsed ??= textFiles()
    .filter(({ path }) => /\.tsx?$/.test(path) && !GENERATED.has(path))
    .map(({ path, text }) => parse(path, text))
  return parsed
}

/** Returns the files of the program itself: src/ without its tests. */
export function programFiles(): readonly SourceFile[] {
  return sourceFiles().filter(({ path }) => isProgram(path))
}

export const isProgram = (path: string): boolean => path.startsWith('src/') && !path.endsWith('.test.ts')

/** Parses a source file. Also used to try a rule on a text that breaks it. */
export function parse(path: string, text: string): SourceFile {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) }
}

/** Gives every node of the file. */
export function* nodesOf(file: SourceFile): Generator<ts.Node> {
  const waiting: ts.Node[] = [file.tree]
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    yield node
    ts.forEachChild(node, (child) => {
      waiting.push(child)
    })
  }
}

/** Returns where a node begins, as `path:line`. */
export function placeOf(file: SourceFile, node: ts.Node): string {
  return `${file.path}:${file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree)).line + 1}`
}

export interface Import {
  /** The import as it is written. */
  readonly specifier: string
  /** The imported file's path, when it is one of the project's. */
  readonly path: string | undefined
  readonly names: readonly string[]
  readonly node: ts.Node
}

/** Returns everything that the file imports or re-exports, types and `import()` included. */
export function importsOf(file: SourceFile): readonly Import[] {
  return [...nodesOf(file)].flatMap((node) => {
    const specifier = specifierOf(node)
    if (specifier === undefined) return []
    const path = specifier.startsWith('.') ? posix.join(posix.dirname(file.path), specifier) : undefined
    return [{ specifier, path, names: namesIn(node), node }]
  })
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier)
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : undefined
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined
  return textOf(node.arguments[0])
}

const textOf = (node: ts.Node | undefined): string | undefined => (node && ts.isStringLiteralLike(node) ? node.text : undefined)

function namesIn(node: ts.Node): readonly string[] {
  if (!ts.isImportDeclaration(node)) return []
  const bindings = node.importClause?.namedBindings
  if (!bindings || !ts.isNamedImports(bindings)) return []
  return bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text)
}
