import { styleText } from 'node:util'
import { expect, test } from 'vitest'
import { cut } from './table.ts'

test('a line is cut to a width, and says so', () => {
  expect(cut('order-1', 7)).toBe('order-1')
  expect(cut('order-1', 5)).toBe('orde…')
})

test('colours take no width, and end where the line is cut', () => {
  const red = (text: string) => styleText('red', text, { validateStream: false })
  expect(cut(red('order-1'), 7)).toBe(red('order-1'))
  expect(cut(`a ${red('order-1')} b`, 6)).toBe(`a ${red('ord')}…`)
})
