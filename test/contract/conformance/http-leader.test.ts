import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from './http.ts'
import { followersOf, leaderOf, openTarget, type Target } from './target.ts'

let target: Target
beforeAll(async () => {
  target = await openTarget()
})
afterAll(() => target?.close())

describe('GET /leader', () => {
  test('names one of the replicas', async () => {
    expect(target.replicas.map(({ address }) => address)).toContain(await leaderOf(target))
  })

  test('has three forms, with one answer', async () => {
    const leader = await leaderOf(target)
    const [follower] = await followersOf(target)
    for (const path of ['/leader', '/leader/', `/leader/${leader}`, `/leader/${follower}`, '/leader/127.0.0.1%3A1']) {
      const answer = await ask(target.frontEnd, path)
      expect(answer.status, path).toBe(200)
      expect(answer.body, path).toEqual({ data: { leader } })
    }
  })
})
