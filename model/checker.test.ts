import { expect, test } from 'vitest'
import { explore, type Model } from './checker.ts'

/** Two jugs, for three and five litres: can four be measured? */
const jugs = (wanted: number): Model<readonly [number, number]> => ({
  initial: [0, 0],
  steps: ([small, large]) => {
    const [toLarge, toSmall] = [Math.min(small, 5 - large), Math.min(large, 3 - small)]
    return [
      { event: 'fill small', state: [3, large] },
      { event: 'fill large', state: [small, 5] },
      { event: 'empty small', state: [0, large] },
      { event: 'empty large', state: [small, 0] },
      { event: 'pour into large', state: [small - toLarge, large + toLarge] },
      { event: 'pour into small', state: [small + toSmall, large - toSmall] },
    ]
  },
  encode: (state) => state.join(),
  violation: ([, large]) => (large === wanted ? `${wanted} litres` : undefined),
})

test('a shortest way is found', () => {
  expect(explore(jugs(4)).counterexample).toEqual({
    why: '4 litres',
    events: ['fill large', 'pour into small', 'empty small', 'pour into small', 'fill large', 'pour into small'],
  })
})

test('every state is visited once when there is none', () => {
  expect(explore(jugs(6))).toMatchObject({ states: 16, counterexample: undefined })
})
