import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import { loadContract } from '../rpc/codec.ts'
import { PROTO_FILE } from '../rpc/definitions.ts'
import { MESSAGE_RULES, violationOf } from './message-rules.ts'
import type { Rule } from './rules.ts'

const types = loadContract(PROTO_FILE).nestedArray.filter((item) => item instanceof protobuf.Type)
const rules = MESSAGE_RULES as unknown as Readonly<Record<string, { fields: Record<string, Rule<unknown>> } | undefined>>

/** Fields that may have any value. The contract has an answer to each: "none", "-3: quantity", 0. */
const ANSWERED = /^(orderNum|stockTradeQuantity|result\w+|transactionNum)$/

const fields = types.flatMap((type) => type.fieldsArray.map((field) => [type.name, field.name, field] as const))
const ruleOf = (type: string, field: string): Rule<unknown> => rules[type]!.fields[field]!
const integers = fields.filter(([, name, { type, repeated }]) => /^int/.test(type) && !repeated && !ANSWERED.test(name))
const texts = fields.filter(([, , { type, repeated }]) => type === 'string' && !repeated)
const lists = fields.filter(([, , { repeated }]) => repeated)

test('every field of every message has a rule, and no rule is without a field', () => {
  const written = Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, Object.keys(rule!.fields).sort()]))
  const contract = Object.fromEntries(types.map(({ name, fieldsArray }) => [name, fieldsArray.map((field) => field.name).sort()]))
  expect(written).toEqual(contract)
})

test.each(integers)('%s.%s: no integer that a number of JavaScript does not hold exactly', (type, field) => {
  for (const extreme of [2 ** 63, -(2 ** 63), 2 ** 53, -(2 ** 53), -(2 ** 31) - 1]) expect(ruleOf(type, field)(extreme)).toBeDefined()
})

test.each(texts)('%s.%s: no text of any length', (type, field) => {
  expect(ruleOf(type, field)('x'.repeat(LIMITS.entryTextBytesMax + 1))).toMatch(/^ /)
})

test.each(lists)('%s.%s: no list of any length', (type, field, { resolvedType }) => {
  const element = resolvedType ? {} : 'x'
  expect(ruleOf(type, field)(Array.from({ length: LIMITS.stocksMax + 1 }, () => element))).toMatch(/elements/)
})

const REQUEST = { key: 'c:k', fingerprint: '["tesla","buy",1]', name: 'tesla', type: 'buy', quantity: 1 }
const STOCK = { name: 'tesla', priceCents: 1, quantity: 1, volume: 0 }
const ASSIGNED = { followerOne: '[::1]:5000', followerTwo: '', epoch: 0, clusterId: '', moreFollowers: [] }
const ENTRY = { number: 0, generation: 1, ...REQUEST, timeMs: 0 }

describe('a complaint names the field', () => {
  test.each([
    ['tradeStockName', { stockName: 'tesla', stockTradeQuantity: 1, tradeType: 'buy', key: 'k'.repeat(256) }, 'tradeStockName.key is "kkk'],
    [
      'tradeStockName',
      { stockName: 'tesla', stockTradeQuantity: 1, tradeType: 'buy', key: 'a b' },
      'tradeStockName.key is "a b", and may be',
    ],
    [
      'requestStockName',
      { stockName: 'é'.repeat(8_193), stockTradeQuantity: 1, tradeType: 'buy', key: '' },
      'requestStockName.stockName has 16386 bytes',
    ],
    ['synchronizeTransNum', { orderNum: -2, synchronizedAdd: '', overReplicate: false }, 'synchronizeTransNum.orderNum is -2'],
    ['synchronizeTransNum', { orderNum: -1, synchronizedAdd: 'x', overReplicate: false }, 'synchronizeTransNum.synchronizedAdd is "x"'],
    ['followersAssigned', { followerOne: '', followerTwo: 'a:0', epoch: 1 }, 'followersAssigned.followerTwo is "a:0"'],
    ['followersAssigned', { ...ASSIGNED, moreFollowers: ['order-1:5000', ''] }, 'followersAssigned.moreFollowers[1] is ""'],
    ['followersAssigned', { ...ASSIGNED, moreFollowers: Array(17).fill('a:1') }, 'followersAssigned.moreFollowers has 17 elements'],
    [
      'FrontEndToCatalogue',
      { hello: { frontEndId: 'f', address: 'a:1', caching: true, replicas: ['x'] } },
      'FrontEndToCatalogue.hello.replicas[0] is "x"',
    ],
    [
      'FrontEndToCatalogue',
      { hello: { frontEndId: 'f', address: 'a:1', caching: true, replicas: Array(17).fill('1=a:1') } },
      'hello.replicas has 17 elements',
    ],
    [
      'FrontEndToReplica',
      { place: { first: 0, requests: [REQUEST, { ...REQUEST, key: 'k' }] } },
      'FrontEndToReplica.place.requests[1].key is "k"',
    ],
    ['LeaderToCatalogue', { publish: { position: 2 ** 53, unreachable: [] } }, 'LeaderToCatalogue.publish.position is 9007199254740992'],
    [
      'LeaderToFollower',
      { append: { generation: 1, from: 0, entries: [{ ...ENTRY, number: -1 }], digest: '', published: 0 } },
      'append.entries[0].number is -1',
    ],
    [
      'SealRequest',
      { generation: 1, genesis: { clusterId: 'c', stocks: [STOCK, STOCK] }, catalogueId: '' },
      'SealRequest.genesis.stocks has "tesla" twice',
    ],
    [
      'SealRequest',
      { generation: 1, genesis: { clusterId: 'c', stocks: [{ ...STOCK, name: 'a\0b' }] } },
      'SealRequest.genesis.stocks[0].name is "a\\u0000b"',
    ],
  ])('%s %#', (name, message, words) => expect(violationOf(name, message)).toContain(words))
})

describe('a value passes when the contract has an answer for it', () => {
  test.each([
    ['tradeStockName', { stockName: '', stockTradeQuantity: 2 ** 63, tradeType: 'give', key: '' }],
    ['lookupStockName', { stockName: 'x'.repeat(LIMITS.requestTextBytesMax) }],
    ['lookupOrderNum', { orderNum: -(2 ** 63) }],
    ['synchronizeTransNum', { orderNum: -1, synchronizedAdd: 'order-1:5000', overReplicate: false }],
    ['followersAssigned', ASSIGNED],
    [
      'LeaderToFollower',
      { append: { generation: 1, from: 0, entries: [{ ...ENTRY, key: 'k'.repeat(16_000_000) }], digest: '', published: 0 } },
    ],
  ])('%s %#', (name, message) => expect(violationOf(name, message)).toBeUndefined())
})
