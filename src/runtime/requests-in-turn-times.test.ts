import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { LateRequests } from './late-requests.ts'
import { RequestsInTurn } from './requests-in-turn.ts'

describe('the time of a request', () => {
  const ARRIVE_MS = 30_000

  /** A connection that node:http does not read: the test finds its requests, and says what their answers are. */
  function connection() {
    const clock = new ManualClock()
    const told: string[] = []
    const socket = Object.assign(new EventEmitter(), {
      ...{ destroyed: false, writableEnded: false },
      pause: () => {},
      resume: () => {},
      write: (text: string) => void told.push(text.slice(0, 'HTTP/1.1 408'.length)),
      end: () => (socket.writableEnded = true),
    })
    const late = new LateRequests(clock, () => ARRIVE_MS)
    const answer = (status: number) => ({ status, headers: {}, json: '{}' })
    const options = { carryOut: () => {}, bodyBytesMax: 100, answerToCut: answer(400), answerToLate: answer(408), late }
    const turns = new RequestsInTurn(socket as unknown as Socket, { ...options, ahead: { requests: 0, max: 10 } })
    /** A request has come, with its body or not; it is answered by the result's "close". */
    const find = (complete: boolean) => {
      const request = Object.assign(new EventEmitter(), { complete, headers: { 'content-length': '3' } })
      const response = Object.assign(new EventEmitter(), {
        ...{ shouldKeepAlive: true, headersSent: false },
        writeHead: (status: number) => void told.push(`HTTP/1.1 ${status}`),
        end: () => {},
      })
      turns.take(request as unknown as IncomingMessage, response as unknown as ServerResponse, false)
      return { request, answered: () => response.emit('close') }
    }
    return { clock, told, turns, find }
  }

  test('counts from the moment that the socket is read again, whenever node:http says that it is over', () => {
    for (const isOverWhileUnread of [true, false]) {
      const { clock, told, turns, find } = connection()
      const [first, second] = [find(true), find(true)]
      if (isOverWhileUnread) turns.outOfTime()
      first.answered()
      second.answered()
      if (!isOverWhileUnread) turns.outOfTime()
      clock.pass(ARRIVE_MS - 1)
      expect(told).toEqual([])
      clock.pass(2_000)
      expect(told).toEqual(['HTTP/1.1 408'])
    }
  })

  test('is not shortened by an earlier request that had its own', () => {
    const { clock, told, turns, find } = connection()
    const [first, second] = [find(true), find(true)]
    turns.outOfTime() // The third one, of which only a part has come.
    first.answered()
    clock.pass(ARRIVE_MS - 1)
    const third = find(true)
    second.answered()
    const fourth = find(true)
    find(false)
    turns.outOfTime()
    clock.pass(1_000)
    third.answered()
    fourth.answered()
    clock.pass(ARRIVE_MS - 1)
    expect(told).toEqual([])
    clock.pass(2_000)
    expect(told).toEqual(['HTTP/1.1 408'])
  })

  test('does not pass while its head has come and it waits behind another', () => {
    const { clock, told, turns, find } = connection()
    const [first, second] = [find(true), find(true)]
    turns.outOfTime()
    first.answered()
    clock.pass(ARRIVE_MS - 1)
    const third = find(false)
    clock.pass(60_000)
    second.answered()
    clock.pass(ARRIVE_MS - 1)
    expect(told).toEqual([])
    third.request.complete = true
    clock.pass(60_000)
    expect(told).toEqual([])
  })

  test('of a request that was read all the while is what node:http says', () => {
    const { clock, told, turns, find } = connection()
    const [first, second] = [find(true), find(true)]
    first.answered()
    second.answered()
    clock.pass(ARRIVE_MS + 1_000)
    turns.outOfTime()
    expect(told).toEqual(['HTTP/1.1 408'])
  })
})
