import { fitsBytes } from '../domain/text.ts'

/** Returns what is wrong with a value, in words that follow the name of its field (" is -1, …", ".key is …"), or undefined. */
export type Rule<T = never> = (value: T) => string | undefined

/** One rule for each field of a message. */
export type FieldRules<M extends object> = { readonly [F in keyof M]-?: Rule<Exclude<M[F], undefined>> }

/** The rule of a message, and those of its fields. */
export type MessageRule<M extends object> = Rule<M> & { readonly fields: FieldRules<M> }

/** Characters of a text that are shown in a complaint. */
const SHOWN_MAX = 40

/** An integer within these limits. No integer beyond ±(2^53-1) passes, since it was rounded when it was read. */
export const integer =
  (min: number, max: number): Rule<number> =>
  (value) =>
    value >= min && value <= max && Number.isSafeInteger(value) ? undefined : ` is ${value}, and may be an integer from ${min} to ${max}`

/** Any integer that the wire carries. It may have been rounded. The call itself judges it. */
export const anyInteger: Rule<number> = (value) => (Number.isInteger(value) ? undefined : ` is ${value}, and no integer`)

/** A decimal number of at least `min`. */
export const decimal =
  (min: number): Rule<number> =>
  (value) =>
    value >= min && value < Infinity ? undefined : ` is ${value}, and may be a number of at least ${min}`

export const yesOrNo: Rule<boolean> = () => undefined

/** A text of at most so many bytes of UTF-8. */
export const text =
  (bytesMax: number): Rule<string> =>
  (value) =>
    fitsBytes(value, bytesMax) ? undefined : ` has ${Buffer.byteLength(value)} bytes, and may have ${bytesMax}`

/** A text of a certain form. A complaint says "… may be <form>". */
export const textLike =
  (matches: (text: string) => boolean, form: string): Rule<string> =>
  (value) =>
    matches(value) ? undefined : ` is ${shown(value)}, and may be ${form}`

/** A list of at most so many elements. */
export const list =
  <T>(max: number, element: Rule<T>): Rule<readonly T[]> =>
  (values) => {
    if (values.length > max) return ` has ${values.length} elements, and may have ${max}`
    for (let at = 0; at < values.length; at += 1) {
      const wrong = element(values[at]!)
      if (wrong !== undefined) return `[${at}]${wrong}`
    }
    return undefined
  }

/** A message that may be missing. */
export const optional =
  <T>(rule: Rule<T>): Rule<T | null> =>
  (value) =>
    value === null || value === undefined ? undefined : rule(value)

/** A message: a rule for every field, and `whole` for the fields together. */
export function message<M extends object>(fields: FieldRules<M>, whole?: Rule<M>): MessageRule<M> {
  const rules = Object.entries(fields) as [keyof M & string, Rule<unknown>][]
  const check: Rule<M> = (value) => {
    for (const [field, rule] of rules) {
      const wrong = rule(value[field])
      if (wrong !== undefined) return `.${field}${wrong}`
    }
    return whole?.(value)
  }
  return Object.assign(check, { fields })
}

function shown(value: string): string {
  const start = JSON.stringify(value.slice(0, SHOWN_MAX))
  return value.length > SHOWN_MAX ? `${start}… (${value.length} characters)` : start
}
