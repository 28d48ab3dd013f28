import { mkdirSync, mkdtempSync, appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LogFollower } from './log-follower.ts'
import { formatLogLine, lastWords, mergeByTime, readLogLines } from './log-lines.ts'

const line = (second: number, msg: string, more: object = {}): string =>
  `${JSON.stringify({ level: 30, time: `2026-01-02T03:04:0${second}.000Z`, name: 'order-3', pid: 1, msg, ...more })}\n`

test('merges files by time', () => {
  const a = readLogLines(line(1, 'a1') + line(3, 'a3'), 'a')
  const b = readLogLines(line(2, 'b2') + line(3, 'b3'), 'b')
  expect(mergeByTime([a, b]).map((each) => each.message)).toEqual(['a1', 'b2', 'a3', 'b3'])
})

test('a line that is no JSON stays behind the one before it', () => {
  const a = readLogLines(`${line(1, 'a1')}Error: torn\n    at x\n${line(5, 'a5')}`, 'a')
  const b = readLogLines(line(2, 'b2'), 'b')
  expect(mergeByTime([a, b]).map((each) => each.message)).toEqual(['a1', 'Error: torn', '    at x', 'b2', 'a5'])
})

test('formats a line with its fields', () => {
  const [read] = readLogLines(line(1, 'elected', { leader: 3, address: 'h:1' }), 'x')
  expect(formatLogLine(read!)).toBe('03:04:01.000 order-3    INFO  elected leader=3 address=h:1')
})

test('formats an error with its stack', () => {
  const [read] = readLogLines(line(1, 'halted', { err: { message: 'm', stack: 'Error: m\n    at f' } }), 'x')
  expect(formatLogLine(read!)).toBe('03:04:01.000 order-3    INFO  halted\n    Error: m\n    at f')
})

test('last words: an error of the log, else one of the runtime, else the last line', () => {
  expect(lastWords(readLogLines(line(1, 'bad', { level: 50 }) + line(2, 'bye'), 'x'))).toBe('bad')
  expect(lastWords(readLogLines(`${line(1, 'hello')}SyntaxError: no\n    at y\n`, 'x'))).toBe('SyntaxError: no')
  expect(lastWords(readLogLines(line(1, 'hello'), 'x'))).toBe('hello')
  expect(lastWords([])).toBe('')
})

test('follows files as they grow, are rotated and appear', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-logs-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'order-3.log')
  writeFileSync(`${path}.1`, line(0, 'old'))
  writeFileSync(path, line(1, 'one'))
  const follower = new LogFollower(folder)
  const messages = (lines: readonly { message: string }[]) => lines.map((each) => each.message)
  expect(messages(follower.readAll())).toEqual(['old', 'one'])

  appendFileSync(path, line(2, 'two').slice(0, 20))
  expect(follower.readAdded()).toEqual([])
  appendFileSync(path, line(2, 'two').slice(20))
  expect(messages(follower.readAdded())).toEqual(['two'])

  writeFileSync(path, line(3, 'rotated'))
  writeFileSync(join(folder, 'frontend.log'), line(4, 'new'))
  expect(messages(follower.readAdded())).toEqual(['rotated', 'new'])
})
