import { expect, test } from 'vitest'
import type { Network } from '../wire/network.ts'
import { Belonging } from './belonging.ts'

/** A replica whose catalogue answers so; counts how often it is asked. */
function startedFor(identity: { catalogueId: string; clusterId: string } | undefined) {
  const catalogue = identity && { ...identity, generation: 5 }
  const asked: string[] = []
  const call = async (address: string, method: string) => {
    asked.push(`${method} at ${address}`)
    if (!catalogue) throw new Error('connection refused')
    return catalogue
  }
  return { belonging: new Belonging({ call } as unknown as Network, 'own:1'), asked }
}

test('the life of the own catalogue is asked once, however often it calls (R5)', async () => {
  const { belonging, asked } = startedFor({ catalogueId: 'life-1', clusterId: 'c-1' })
  await belonging.requireOwnCatalogue('life-1')
  await belonging.requireOwnCatalogue('life-1')
  expect(asked).toEqual(['Catalog.Identify at own:1'])
})

test.each(['life-2', ''])('a caller that names the life "%s" is none of ours (R5)', async (caller) => {
  const { belonging } = startedFor({ catalogueId: 'life-1', clusterId: 'c-1' })
  await expect(belonging.requireOwnCatalogue(caller)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining('started for the catalogue at own:1'),
  })
})

test('a history of another cluster is refused, and one that nobody can judge yet is put off (R5)', async () => {
  const open = startedFor({ catalogueId: 'life-1', clusterId: 'c-1' }).belonging
  await open.requireOwnHistory('c-1', 5)
  await expect(open.requireOwnHistory('c-2', 5)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
  const opening = startedFor({ catalogueId: 'life-1', clusterId: '' }).belonging
  await expect(opening.requireOwnHistory('c-1', 5)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test('as long as the own catalogue cannot be asked, nobody is believed (R5)', async () => {
  const { belonging } = startedFor(undefined)
  await expect(belonging.requireOwnCatalogue('life-1')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(belonging.requireOwnHistory('c-1', 5)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test('a generation that the own catalogue has not come to is refused: nobody could be followed any more (R5)', async () => {
  const { belonging } = startedFor({ catalogueId: 'life-1', clusterId: 'c-1' })
  await expect(belonging.requireOwnHistory('c-1', 6)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: 'generation 6 is offered, and the catalogue at own:1 has 5',
  })
})
