import { expect, test } from 'vitest'
import { frontEndOfTheContract } from './front-end-of-the-contract.ts'
import { CliProcess } from './process.ts'

/** Runs `client` against the front end. Returns its output and its exit code. */
async function clientAt(port: string, probability: number, ...words: readonly string[]) {
  const client = new CliProcess(['client', '127.0.0.1', port, `${probability}`, '1', '--requests', '20', ...words])
  const { code } = await client.exited
  return { code, last: client.output.trimEnd().split('\n').at(-1), output: client.output }
}

test('a front end that knows the contract only: all orders are verified', async () => {
  const port = await frontEndOfTheContract()
  expect(await clientAt(port, 1, '--stocks', 'apple,tesla')).toMatchObject({ code: 0, last: 'ALL ORDERS VERIFIED' })
})

test('it lists no stocks: the ten of the contract are traded, and the client says which of them it lacks', async () => {
  const port = await frontEndOfTheContract({ stocks: ['apple', 'tesla', 'ford', 'amazon', 'nvidia', 'intel', 'meta', 'nike', 'amc'] })
  const { code, last } = await clientAt(port, 1, '--requests', '100')
  expect({ code, last }).toEqual({ code: 0, last: 'ALL ORDERS VERIFIED' })
})

test('an order that was kept with another content is found', async () => {
  const port = await frontEndOfTheContract({ orders: 'another one is kept' })
  expect(await clientAt(port, 1, '--stocks', 'apple')).toMatchObject({ code: 1, last: 'A NON-MATCH WAS FOUND' })
})

test('no order is accepted: there is no verdict, and the exit code is 1', async () => {
  const port = await frontEndOfTheContract({ orders: 'refused' })
  expect(await clientAt(port, 1, '--stocks', 'apple')).toMatchObject({ code: 1, last: 'NO ORDER WAS ACCEPTED' })
})

test('only lookups were asked for: there is nothing to verify, and the exit code is 0', async () => {
  const port = await frontEndOfTheContract()
  expect(await clientAt(port, 0, '--stocks', 'apple', '--stocks', 'a,b')).toMatchObject({ code: 0, last: 'NO ORDER WAS PLACED' })
})
