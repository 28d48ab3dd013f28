import { expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import type { Clock } from '../runtime/clock.ts'
import { StreamRoom } from './stream-room.ts'

test('the stream that is silent for longest makes room, but none that spoke a moment ago', () => {
  let nowMs = 0
  const room = new StreamRoom({ monotonicMs: () => nowMs } as Clock)
  const ended: number[] = []
  const streams = Array.from({ length: LIMITS.streamsOfOneKindMax }, (_, at) => {
    const end = () => {
      ended.push(at)
      room.left(end)
    }
    return end
  })
  for (const end of streams) expect(room.take(end)).toBe(true)
  nowMs += 5_000
  expect(room.take(() => {})).toBe(false)
  expect(ended).toEqual([])
  for (const end of streams) if (end !== streams[7]) room.heard(end)
  nowMs += 2_000
  expect(room.take(() => {})).toBe(true)
  expect(ended).toEqual([7])
  expect(room.take(() => {})).toBe(false)
})
