import { expect, test } from 'vitest'
import { accessIn } from './access.ts'
import { EventLines } from './event-lines.ts'

test('the fragment tells where the control port is', () => {
  expect(accessIn('#token=ab12&control=127.0.0.1:4000')).toEqual({ token: 'ab12', address: '127.0.0.1:4000' })
})

test.each([
  '',
  '#',
  '#token=ab12',
  '#control=127.0.0.1:1',
  '#token=ab12&control=example.org:80',
  '#token=ab12&control=127.0.0.1:80@example.org',
])('the fragment "%s" gives the token to nobody', (fragment) => expect(accessIn(fragment)).toBeUndefined())

test('events are read from pieces of any size', () => {
  const text = ': still here\n\nevent: process\ndata: {"a":1}\n\nevent: process\r\ndata: x\r\ndata: y\r\n\r\ndata: z\n\nevent: half'
  const wanted = [
    { name: 'process', data: '{"a":1}' },
    { name: 'process', data: 'x\ny' },
    { name: 'message', data: 'z' },
  ]
  for (const size of [1, 2, 7, 1_000]) {
    const lines = new EventLines()
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size))
    expect(pieces.flatMap((piece) => lines.add(piece))).toEqual(wanted)
  }
})
