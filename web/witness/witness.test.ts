import { describe, expect, test } from 'vitest'
import type { OrdersApi, OrderWords, PlacedAnswer } from './orders-api.ts'
import { curlLine } from './orders-api.ts'
import { Witness } from './witness.ts'

const BUY: OrderWords = { name: 'tesla', type: 'buy', quantity: 1 }

/** A system that keeps orders by key, and that can do each wrong that a witness looks for. */
class Books implements OrdersApi {
  readonly log: (OrderWords | undefined)[] = []
  readonly #byKey = new Map<string, number>()
  /** How many of the next answers are cut off after the order was placed. */
  cut = 0
  isUp = true
  forgetsKeys = false

  async place(order: OrderWords, key: string): Promise<PlacedAnswer> {
    if (!this.isUp) return { kind: 'unknown', why: 'the connection was cut' }
    if (order.quantity > 100) return { kind: 'refused', why: 'not enough' }
    const known = this.forgetsKeys ? undefined : this.#byKey.get(key)
    const number = known ?? this.log.push(order) - 1
    this.#byKey.set(key, number)
    if (this.cut-- > 0) return { kind: 'unknown', why: 'the connection was cut' }
    return { kind: 'placed', number, replayed: known !== undefined }
  }

  async read(number: number) {
    if (!this.isUp) return { kind: 'unknown' as const }
    const order = this.log[number]
    return order ? { kind: 'found' as const, order } : { kind: 'missing' as const }
  }
}

function witnessOf(api: OrdersApi, whileWaiting = () => {}): Witness {
  let keys = 0
  const sleep = async (): Promise<void> => whileWaiting()
  return new Witness({ api, newKey: () => `key-${keys++}`, nowMs: () => 0, sleep, changed: () => {} })
}

describe('a witness', () => {
  test('finds what it has placed', async () => {
    const witness = witnessOf(new Books())
    for (let at = 0; at < 5; at += 1) await witness.place(BUY)
    expect(await witness.readAll()).toBe(0)
    expect(witness.counts()).toMatchObject({ sent: 5, acknowledged: 5, there: 5, lost: 0, doubled: 0, repeated: 0, underWay: 0 })
  })

  test('repeats what was cut off, with its key', async () => {
    const books = new Books()
    books.cut = 3
    const witness = witnessOf(books)
    await witness.place(BUY)
    expect(books.log).toHaveLength(1)
    expect(witness.counts()).toMatchObject({ acknowledged: 1, repeated: 1, doubled: 0 })
  })

  test('waits for a system that is down', async () => {
    const books = new Books()
    books.isUp = false
    let waits = 0
    const witness = witnessOf(books, () => (books.isUp = ++waits === 4))
    await witness.place(BUY)
    expect(witness.counts()).toMatchObject({ acknowledged: 1, underWay: 0 })
    expect(witness.orders[0]?.tries).toBe(5)
  })

  test('says that an order is lost, and goes on saying so', async () => {
    const books = new Books()
    const witness = witnessOf(books)
    for (let at = 0; at < 3; at += 1) await witness.place(BUY)
    const [kept] = books.log.splice(1, 1, undefined)
    await witness.readAll()
    expect(witness.counts()).toMatchObject({ acknowledged: 3, there: 2, lost: 1 })
    books.log[1] = kept
    await witness.readAll()
    expect(witness.counts()).toMatchObject({ there: 2, lost: 1 })
  })

  test('says that an order is lost when another one is in its place', async () => {
    const books = new Books()
    const witness = witnessOf(books)
    await witness.place(BUY)
    books.log[0] = { ...BUY, quantity: 2 }
    await witness.readAll()
    expect(witness.counts().lost).toBe(1)
  })

  test('says that an order is lost when its number was given away again', async () => {
    const books = new Books()
    const witness = witnessOf(books)
    await witness.place(BUY)
    books.log.length = 0
    await witness.place(BUY)
    await witness.readAll()
    expect(witness.counts()).toMatchObject({ acknowledged: 2, lost: 1 })
  })

  test('says that an order was carried out twice', async () => {
    const books = new Books()
    books.cut = 1
    books.forgetsKeys = true
    const witness = witnessOf(books)
    await witness.place(BUY)
    expect(witness.counts()).toMatchObject({ acknowledged: 1, doubled: 1 })
  })

  test('counts what is refused, and asks for it no more', async () => {
    const witness = witnessOf(new Books())
    await witness.place({ ...BUY, quantity: 101 })
    await witness.readAll()
    expect(witness.counts()).toMatchObject({ refused: 1, acknowledged: 0, lost: 0, underWay: 0 })
  })

  test('counts nothing as lost while nobody answers', async () => {
    const books = new Books()
    const witness = witnessOf(books)
    await witness.place(BUY)
    books.isUp = false
    expect(await witness.readAll()).toBe(1)
    expect(witness.counts()).toMatchObject({ lost: 0, there: 0 })
  })
})

test('the curl line survives a quote in a name', () => {
  expect(curlLine('http://h:1', { ...BUY, name: "o'neill" }, 'k')).toBe(
    `curl -s http://h:1/orders -H 'Idempotency-Key: k' -d '{"name":"o'\\''neill","type":"buy","quantity":1}'`,
  )
})
