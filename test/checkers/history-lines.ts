import type { Stock } from '../../src/domain/stock.ts'
import { REJECTION_ERRORS } from '../../src/wire/outcome-codes.ts'
import type { LogEntry, Operation } from './history.ts'
import { arrayOf, byKind, nullable, NUMBER, OBJECT, objectOf, oneOf, optional, TEXT, type Shape } from './shapes.ts'

/** One line of a recording, as test/checkers/main.ts explains them. */
export type Line = { readonly opening: readonly Stock[] } | { readonly operation: Operation } | { readonly entry: LogEntry }

type Shapes<Kind extends string> = Readonly<Record<Kind, Readonly<Record<string, Shape>>>>

const CONTENT = { name: TEXT, type: TEXT, quantity: NUMBER }
const TIMES = { start: NUMBER, end: nullable(NUMBER) }
const UNKNOWN = { unknown: {} }
const NOT_FOUND = { 'not-found': {} }

/** For each kind of operation the outcomes that it can have. */
type Outcomes<Kind extends Operation['kind']> = Shapes<Extract<Operation, { readonly kind: Kind }>['outcome']['kind']>

const PLACED: Outcomes<'place'> = {
  accepted: { number: NUMBER },
  rejected: { reason: oneOf(Object.keys(REJECTION_ERRORS)) },
  'key-reused': {},
  ...UNKNOWN,
}
const STOCK_READ: Outcomes<'stock'> = {
  found: { price: NUMBER, quantity: NUMBER, volume: optional(NUMBER) },
  ...NOT_FOUND,
  ...UNKNOWN,
}
const ORDER_READ: Outcomes<'order'> = { found: CONTENT, ...NOT_FOUND, ...UNKNOWN }
const LISTED: Outcomes<'list'> = { found: { orders: arrayOf(objectOf({ number: NUMBER, ...CONTENT })) }, ...UNKNOWN }

const OPERATIONS: Shapes<Operation['kind']> = {
  place: { key: TEXT, ...CONTENT, ...TIMES, outcome: byKind(PLACED) },
  stock: { name: TEXT, ...TIMES, outcome: byKind(STOCK_READ) },
  order: { number: NUMBER, ...TIMES, outcome: byKind(ORDER_READ) },
  list: { after: NUMBER, limit: NUMBER, ...TIMES, outcome: byKind(LISTED) },
}

const LINES: Readonly<Record<string, Shape>> = {
  opening: arrayOf(objectOf({ name: TEXT, priceCents: NUMBER, quantity: NUMBER, volume: NUMBER })),
  operation: byKind(OPERATIONS),
  entry: objectOf({ number: NUMBER, key: TEXT, ...CONTENT }),
}

/** Reads a line. @throws Error that says why it is no line of a recording. */
export function parseLine(text: string): Line {
  const line: unknown = JSON.parse(text)
  OBJECT(line, 'it')
  const [found, ...more] = Object.entries(LINES).filter(([name]) => name in (line as object))
  if (!found || more.length > 0) throw new Error('it holds none of opening, operation and entry, or more than one')
  const [name, shape] = found
  shape((line as Record<string, unknown>)[name], name)
  return line as Line
}
