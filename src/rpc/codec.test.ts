import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { beginWithDefaults, codecOf, loadContract } from './codec.ts'
import { PROTO_FILE } from './definitions.ts'

const ours = loadContract(PROTO_FILE)
beginWithDefaults(ours)
/** The same contract as protobufjs alone handles it. */
const plain = loadContract(PROTO_FILE)
const types = plain.nestedArray.filter((item) => item instanceof protobuf.Type)
const AS_NUMBERS = { longs: Number, defaults: true } as const

const safeInteger = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1, max: 300 }))
const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.string({ minLength: 120, maxLength: 300 })),
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: safeInteger,
  float: fc.float({ noNaN: true }),
}

/** Arbitrary messages of a type. Messages inside them may be missing. */
function messages(type: protobuf.Type): fc.Arbitrary<object> {
  const fields = type.fieldsArray.map((field) => {
    const one = field.resolvedType ? messages(field.resolvedType as protobuf.Type) : SCALARS[field.type]!
    const value = field.repeated ? fc.array(one, { maxLength: 40 }) : field.resolvedType ? fc.option(one) : one
    return [field.name, value] as const
  })
  return fc.record(Object.fromEntries(fields))
}

describe.each(types.map((type) => [type.name, type] as const))('%s', (name, type) => {
  const codec = codecOf(ours.lookupType(name))

  test('is written as protobufjs writes it, and read again', () => {
    fc.assert(
      fc.property(messages(type), (message) => {
        const bytes = codec.encode(message)
        expect(bytes).toEqual(type.encode(type.fromObject(message)).finish())
        expect(codec.decode(bytes)).toEqual(type.toObject(type.decode(bytes), AS_NUMBERS))
        expect(codec.decode(bytes)).toEqual(message)
      }),
      { numRuns: 30 },
    )
  })

  test('has all its defaults when nothing was sent', () => {
    expect(codec.decode(Buffer.alloc(0))).toEqual(type.toObject(type.create(), { ...AS_NUMBERS, arrays: true }))
  })
})

describe('a message', () => {
  const entries = codecOf(ours.lookupType('Entries'))
  const entry = (key: string) => ({ number: 1, generation: 1, key, fingerprint: '', name: 'tesla', type: 'buy', quantity: 5, timeMs: 0 })

  test('may be larger than the buffer that it is written to', () => {
    const message = {
      entries: Array.from({ length: 2_000 }, (_, i) => entry('k'.repeat(i))),
      digest: '',
      length: 0,
      generation: 0,
      recoveredGeneration: 0,
    }
    expect(entries.decode(entries.encode(message))).toEqual(message)
    expect(entries.decode(entries.encode({ ...message, entries: [] }))).toEqual({ ...message, entries: [] })
  })

  test('that cannot be written leaves nothing behind', () => {
    const good = { entries: [entry('a')], digest: 'd', length: 1, generation: 1, recoveredGeneration: 0 }
    const bytes = entries.encode(good)
    expect(() => entries.encode({ entries: [{ key: 1n }] })).toThrow()
    expect(entries.encode({ ...good })).toEqual(bytes)
  })

  test('that was cut is refused', () => {
    const bytes = entries.encode({ entries: [entry('a')], digest: 'd'.repeat(64), length: 2 ** 40, generation: 1, recoveredGeneration: 0 })
    expect(() => entries.decode(bytes.subarray(0, 5))).toThrow()
    expect(() => entries.decode(bytes.subarray(0, -1))).toThrow()
  })

  test('of a stranger may hold integers that no number of JavaScript holds exactly', () => {
    const { MAX_VALUE, MIN_VALUE } = protobuf.util.Long as unknown as { MAX_VALUE: object; MIN_VALUE: object }
    const type = plain.lookupType('lookupOrderNum')
    const read = (orderNum: unknown) => codecOf(ours.lookupType('lookupOrderNum')).decode(Buffer.from(type.encode({ orderNum }).finish()))
    expect(read(MAX_VALUE)).toEqual({ orderNum: 2 ** 63 })
    expect(read(MIN_VALUE)).toEqual({ orderNum: -(2 ** 63) })
  })
})
