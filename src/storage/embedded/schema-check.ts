import { DatabaseSync } from 'node:sqlite'
import { Damage } from './damage.ts'
import type { Row } from './row.ts'
import type { Schema } from './schema.ts'

const OBJECTS = "SELECT name, type, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"

const expectedObjects = new Map<Schema, ReadonlyMap<string, string>>()

/**
 * Compares the tables and indexes that a file has, word for word, with those of its kind; throws a {@link Damage} when
 * one is missing or differs. Returns the names of those that a stranger added.
 */
export function checkSchema(database: DatabaseSync, schema: Schema): readonly string[] {
  const found = objectsOf(database)
  const expected = expectedOf(schema)
  for (const [name, words] of expected) {
    if (!found.has(name)) throw new Damage(`${name} is missing in its schema`)
    if (found.get(name) !== words) throw new Damage(`its schema describes ${name} in other words: ${found.get(name)}`)
  }
  return [...found.keys()].filter((name) => !expected.has(name))
}

function expectedOf(schema: Schema): ReadonlyMap<string, string> {
  const known = expectedObjects.get(schema)
  if (known) return known
  const model = new DatabaseSync(':memory:')
  model.exec(schema.sql)
  const objects = objectsOf(model)
  model.close()
  expectedObjects.set(schema, objects)
  return objects
}

function objectsOf(database: DatabaseSync): ReadonlyMap<string, string> {
  const rows: readonly Row[] = database.prepare(OBJECTS).all()
  return new Map(rows.map((row) => [String(row['name']), JSON.stringify(Object.values(row))]))
}
