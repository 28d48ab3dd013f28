/** Checks the value of `name`. Throws an Error that says what is wrong with it. */
export type Shape = (value: unknown, name: string) => void

const isA =
  (what: string, holds: (value: unknown) => boolean): Shape =>
  (value, name) => {
    if (!holds(value)) throw new Error(`${name} has to be ${what}, not ${JSON.stringify(value) ?? 'absent'}`)
  }

export const TEXT = isA('a text', (value) => typeof value === 'string')
export const NUMBER = isA('a number', Number.isFinite)
export const OBJECT = isA('an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value))
const ARRAY = isA('an array', Array.isArray)

export const oneOf = (names: readonly string[]): Shape => isA(`one of ${names.join(', ')}`, (value) => names.some((name) => name === value))

/** A value that may be absent. */
export const optional =
  (shape: Shape): Shape =>
  (value, name) =>
    void (value === undefined || shape(value, name))

/** A value that may be absent or null. */
export const nullable =
  (shape: Shape): Shape =>
  (value, name) =>
    void ((value ?? undefined) === undefined || shape(value, name))

export const arrayOf =
  (item: Shape): Shape =>
  (value, name) => {
    ARRAY(value, name)
    for (const [index, each] of (value as unknown[]).entries()) item(each, `${name}[${index}]`)
  }

/** An object with at least these members. */
export const objectOf =
  (members: Readonly<Record<string, Shape>>): Shape =>
  (value, name) => {
    OBJECT(value, name)
    for (const [member, shape] of Object.entries(members)) shape((value as Record<string, unknown>)[member], `${name}.${member}`)
  }

/** An object whose `kind` tells which members it has. */
export const byKind = (kinds: Readonly<Record<string, Readonly<Record<string, Shape>>>>): Shape => {
  const shapes = new Map(Object.entries(kinds).map(([kind, members]) => [kind, objectOf(members)]))
  const kindOf = objectOf({ kind: oneOf([...shapes.keys()]) })
  return (value, name) => {
    kindOf(value, name)
    shapes.get((value as { readonly kind: string }).kind)?.(value, name)
  }
}
