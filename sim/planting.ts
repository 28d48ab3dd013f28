import ts from 'typescript'
import type { PlantedBug } from './planted-bug.ts'

/** One token of a source, and its place. */
interface Token {
  /** The content. Two tokens that differ only by their quotes have the same content. */
  readonly says: string
  readonly from: number
  readonly to: number
}

const CLOSING = new Set([')', ']', '}'])

/** After these tokens a slash divides. After any other token it begins a regular expression. */
const ENDS_A_VALUE = new Set<ts.SyntaxKind>([
  ts.SyntaxKind.CloseParenToken,
  ts.SyntaxKind.CloseBracketToken,
  ts.SyntaxKind.CloseBraceToken,
  ts.SyntaxKind.ThisKeyword,
  ts.SyntaxKind.SuperKeyword,
  ts.SyntaxKind.TrueKeyword,
  ts.SyntaxKind.FalseKeyword,
  ts.SyntaxKind.NullKeyword,
  ts.SyntaxKind.PlusPlusToken,
  ts.SyntaxKind.MinusMinusToken,
  ts.SyntaxKind.RegularExpressionLiteral,
  ts.SyntaxKind.TemplateTail,
])

function endsAValue(kind: ts.SyntaxKind): boolean {
  const isLiteral = kind >= ts.SyntaxKind.FirstLiteralToken && kind <= ts.SyntaxKind.LastLiteralToken
  // Some words are keywords only in some places, and names in all others.
  const isName = kind === ts.SyntaxKind.Identifier || kind === ts.SyntaxKind.PrivateIdentifier || kind > ts.SyntaxKind.LastReservedWord
  return ENDS_A_VALUE.has(kind) || isLiteral || isName
}

/** Returns the tokens of a piece of TypeScript. Semicolons and trailing commas are left out, since a formatter may add or remove them. */
function tokensOf(text: string): Token[] {
  const tokens = allTokensOf(text)
  return tokens.filter(({ says }, i) => says !== ';' && !(says === ',' && CLOSING.has(tokens[i + 1]?.says ?? '')))
}

function allTokensOf(text: string): Token[] {
  const scanner = ts.createScanner(ts.ScriptTarget.ESNext, true, ts.LanguageVariant.Standard, text)
  const tokens: Token[] = []
  /** For each template that is open, the number of braces that are open in its expression. */
  const templates: number[] = []
  let before: ts.SyntaxKind = ts.SyntaxKind.Unknown
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    const isSlash = kind === ts.SyntaxKind.SlashToken || kind === ts.SyntaxKind.SlashEqualsToken
    if (isSlash && !endsAValue(before)) kind = scanner.reScanSlashToken()
    if (kind === ts.SyntaxKind.CloseBraceToken && templates.at(-1) === 0) {
      kind = scanner.reScanTemplateToken(false)
      if (kind === ts.SyntaxKind.TemplateTail) templates.pop()
    } else if (kind === ts.SyntaxKind.TemplateHead) templates.push(0)
    else if (kind === ts.SyntaxKind.OpenBraceToken && templates.length > 0) templates[templates.length - 1]! += 1
    else if (kind === ts.SyntaxKind.CloseBraceToken && templates.length > 0) templates[templates.length - 1]! -= 1
    if (scanner.isUnterminated()) throw new Error(`this does not end: ${scanner.getTokenText()}`)
    const says = kind === ts.SyntaxKind.StringLiteral ? JSON.stringify(scanner.getTokenValue()) : scanner.getTokenText()
    tokens.push({ says, from: scanner.getTokenStart(), to: scanner.getTokenEnd() })
    before = kind
  }
  return tokens
}

/** Returns the source with the bug in it. Throws unless the bug's place occurs exactly once. */
export function plant(source: string, { name, file, find, replace }: PlantedBug): string {
  const [tokens, wanted] = [tokensOf(source), tokensOf(find)]
  if (wanted.length === 0) throw new Error(`${name}: it names no place`)
  const places = tokens.flatMap((first, i) => {
    const isHere = wanted.every(({ says }, k) => tokens[i + k]?.says === says)
    return isHere ? [{ from: first.from, to: tokens[i + wanted.length - 1]!.to }] : []
  })
  const [place, second] = places
  if (!place) throw new Error(`${name}: its place is not in ${file}: ${find}`)
  if (second) {
    const lines = places.map(({ from }) => source.slice(0, from).split('\n').length)
    throw new Error(`${name}: its place is ${places.length} times in ${file}, in the lines ${lines.join(', ')}: ${find}`)
  }
  const planted = source.slice(0, place.from) + replace + source.slice(place.to)
  if (planted === source) throw new Error(`${name}: it changes nothing`)
  return planted
}
