import { describe, expect, test } from 'vitest'
import { plant } from './planting.ts'

const bugAt = (find: string, replace = 'BUG') => ({ name: 'a bug', what: 'a rule', file: 'a file', find, replace })

describe('the place of a planted bug', () => {
  test.each([
    ['line breaks', 'await this.push(\n  names,\n  number\n)', 'BUG'],
    ['a trailing comma', 'await this.push(\n  names,\n  number,\n)', 'BUG'],
    ['a semicolon', 'await this.push(names, number);', 'BUG;'],
    ['a comment', 'await this.push(names, /* all of them */ number) // step 4', 'BUG // step 4'],
  ])('is found whatever a formatter does with %s', (_what, source, planted) => {
    expect(plant(source, bugAt('await this.push(names, number) // step 4'))).toBe(planted)
  })

  test('is found with other quotes, and not with other words', () => {
    expect(plant('find("miss", `miss`)', bugAt("'miss'"))).toBe('find(BUG, `miss`)')
    expect(() => plant('find("hit")', bugAt("'miss'"))).toThrow('a bug: its place is not in a file')
  })

  test('has to occur exactly once', () => {
    expect(() => plant('a()\nb()', bugAt('c()'))).toThrow('a bug: its place is not in a file: c()')
    expect(() => plant('a()\nb()\na()', bugAt('a()'))).toThrow('a bug: its place is 2 times in a file, in the lines 1, 3: a()')
    expect(() => plant('a()', bugAt('// a comment'))).toThrow('a bug: it names no place')
    expect(() => plant('a()', bugAt('a()', 'a()'))).toThrow('a bug: it changes nothing')
  })

  test('is no part of a longer name', () => {
    expect(() => plant('returned(true)', bugAt('return'))).toThrow('is not in')
  })

  test.each([
    ['const quote = /[\'"]/.test(a); const half = all / 2; last()'],
    ['const text = `${one({ two: `${three}` })} and ${four}`; last()'],
    ['const share = (one + two) / three / 4; const ends = /\\/$/; last()'],
  ])('is found behind regular expressions, divisions and templates: %s', (source) => {
    expect(plant(source, bugAt('last()'))).toBe(source.replace('last()', 'BUG'))
  })

  test('is not looked for in a source that breaks off', () => {
    expect(() => plant('const text = `a', bugAt('a'))).toThrow('this does not end')
  })
})
