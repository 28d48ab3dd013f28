import { expect, test } from 'vitest'
import { startCluster } from '../cluster.ts'
import { place } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'

test('the checker of end states finds what is lost, altered or doubled', async () => {
  await using cluster = await startCluster()
  const number = await place(cluster, 'apple', 'buy', 2)
  const kept = { number, name: 'apple', type: 'buy', quantity: 2 }
  expect(await checkEndState(cluster, [kept])).toEqual([kept])
  await expect(checkEndState(cluster, [{ ...kept, number: number + 1 }])).rejects.toThrow('the log has undefined')
  await expect(checkEndState(cluster, [{ ...kept, quantity: 3 }])).rejects.toThrow('acknowledged {"number":0')
  await expect(checkEndState(cluster, [kept, kept])).rejects.toThrow('acknowledged twice')
})
