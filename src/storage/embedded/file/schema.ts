import { DatabaseSync } from 'node:sqlite'
import { StorageFailure } from '../../ledger.ts'
import { Damage } from './damage.ts'
import type { Row } from './row.ts'

/** The tables and the identity of one kind of file. The file stores the SQL word for word: `.schema` in any SQLite tool shows it. */
export interface Schema {
  /** Name of the kind with its article, for messages. */
  readonly kind: string
  /** PRAGMA application_id. It tells the kinds of our files apart, and our files from all others. */
  readonly applicationId: number
  /** PRAGMA user_version. It rises with every change that an older program cannot read. */
  readonly version: number
  readonly sql: string
  /** Advice for when the file is damaged. */
  readonly advice: string
}

const OBJECTS = "SELECT name, type, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"
/** PRAGMA index_xinfo gives an expression this number in place of a column's. */
const EXPRESSION = -2
const BUILT_IN_COLLATION = /^(BINARY|NOCASE|RTRIM)$/i

/** A table, an index, a view or a trigger. */
interface SchemaObject {
  readonly name: string
  readonly type: string
  readonly table: string
  readonly sql: string | null
}

type Objects = ReadonlyMap<string, SchemaObject>

const expectedObjects = new Map<Schema, Objects>()

/**
 * Compares the tables and indexes of a file, word for word, with those of its kind. Throws a {@link Damage} when one is
 * missing, or differs as after a flipped bit. Throws a StorageFailure, which says what to do, when somebody has changed
 * one. Additions are accepted unless they would hinder or change what is written.
 */
export function checkSchema(database: DatabaseSync, schema: Schema, path: string): void {
  const [found, expected] = [objectsOf(database), expectedOf(schema)]
  const added = [...found.values()].filter(({ name }) => !expected.has(name))
  for (const object of expected.values()) {
    const other = found.get(object.name)
    if (!other) throw missing(object, added, path)
    if (wordsOf(other) !== wordsOf(object)) throw changed(object, other, path)
  }
  const hindrance = added.find((object) => expected.has(object.table) && hinders(database, object))
  if (hindrance) throw inTheWay(hindrance, path)
}

/** Says whether the file has all tables and indexes of that kind, word for word. The header is not looked at. */
export function hasSchema(database: DatabaseSync, schema: Schema): boolean {
  const found = objectsOf(database)
  return [...expectedOf(schema).values()].every((object) => {
    const other = found.get(object.name)
    return other !== undefined && wordsOf(other) === wordsOf(object)
  })
}

/**
 * Returns the error for a missing table or index. A dropped index can be made again. A flipped bit in a name moves it to
 * `added`.
 */
function missing({ name, type, sql }: SchemaObject, added: readonly SchemaObject[], path: string): Error {
  if (type !== 'index' || sql === null || added.length > 0) return new Damage(`${name} is missing in its schema`)
  return new StorageFailure(`${path}: somebody has dropped the index ${name}; make it again: sqlite3 ${path} '${sql}'`)
}

/** Returns the error for a table or index whose SQL differs. A flipped bit does not change the length of the SQL. */
function changed(object: SchemaObject, found: SchemaObject, path: string): Error {
  const words = `its schema describes ${object.name} in other words: ${wordsOf(found)}`
  if (wordsOf(found).length === wordsOf(object).length) return new Damage(words)
  return new StorageFailure(
    `${path}: ${words}. Somebody has changed it; change it back (expected is ${wordsOf(object)}), or, to have the file ` +
      `replaced, \`touch ${path}.damaged\``,
  )
}

const inTheWay = ({ name, type, table }: SchemaObject, path: string): StorageFailure =>
  new StorageFailure(
    `${path}: somebody has added the ${type} ${name} to ${table}, which would change or hinder what is written there; ` +
      `remove it: sqlite3 ${path} 'DROP ${type.toUpperCase()} "${name}"'`,
  )

/** Says whether an addition hinders or changes what is written. A plain index does not: it only costs time. */
function hinders(database: DatabaseSync, { name, type, table, sql }: SchemaObject): boolean {
  if (type === 'trigger') return true
  if (type !== 'index' || sql === null) return false
  const [index] = database.prepare('SELECT "unique" OR partial AS special FROM pragma_index_list(?) WHERE name = ?').all(table, name)
  const columns = database.prepare('SELECT cid, coll FROM pragma_index_xinfo(?)').all(name)
  const isPlain = columns.every(({ cid, coll }) => cid !== EXPRESSION && BUILT_IN_COLLATION.test(String(coll)))
  return index?.['special'] !== 0 || !isPlain
}

function expectedOf(schema: Schema): Objects {
  const known = expectedObjects.get(schema)
  if (known) return known
  const model = new DatabaseSync(':memory:')
  model.exec(schema.sql)
  const objects = objectsOf(model)
  model.close()
  expectedObjects.set(schema, objects)
  return objects
}

function objectsOf(database: DatabaseSync): Objects {
  const rows: readonly Row[] = database.prepare(OBJECTS).all()
  const objects = rows.map(({ name, type, tbl_name: table, sql }): SchemaObject => {
    return { name: String(name), type: String(type), table: String(table), sql: sql === null ? null : String(sql) }
  })
  return new Map(objects.map((object) => [object.name, object]))
}

const wordsOf = ({ name, type, table, sql }: SchemaObject): string => JSON.stringify([name, type, table, sql])
