import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { StatusData } from '../../src/http/types.ts'
import { untilTradingAt } from '../cluster.ts'
import { ask, dataOf, order } from '../contract/conformance/http.ts'
import { checkEndState } from '../end-state.ts'
import { Fleet } from '../nemesis/fleet.ts'
import { Transcript } from '../nemesis/transcript.ts'
import { eventually, HOPELESS_MS } from './process.ts'

const STOPPED_MS = 2_000

const statusAt = async (fleet: Fleet): Promise<StatusData> => dataOf<StatusData>(await ask(fleet.frontEnd, '/status'))

/** Resolves once one replica leads and both others are in-sync. */
const untilWhole = (fleet: Fleet): Promise<true> =>
  eventually('every replica is in-sync', HOPELESS_MS, async () => {
    const { replicas } = await statusAt(fleet)
    const followers = replicas.flatMap((replica) => (replica.reachable ? replica.followers : []))
    return (followers.length === 2 && followers.every(({ state }) => state === 'in-sync')) || undefined
  })

test.each(['order-1', 'catalogue', 'frontend-2'])(
  '%s was stopped, and routers have forgotten its connections: all is well soon',
  async (name) => {
    const fleet = new Fleet(new Transcript())
    try {
      await fleet.start(
        () => ({}),
        () => {},
      )
      for (const frontEnd of fleet.frontEnds) await untilTradingAt(frontEnd)
      await untilWhole(fleet)
      for (let time = 0; time < 2; time++) {
        const resume = fleet.pause(name)
        await sleep(STOPPED_MS)
        expect(fleet.forgetIdle(name, 0)).toBeGreaterThan(0)
        if (name.startsWith('order')) {
          await eventually(`the front end says that ${name} is gone`, HOPELESS_MS, async () => {
            expect((await statusAt(fleet)).frontEnd.gone.map((gone) => gone.name)).toEqual([name])
            return true
          })
        }
        resume()
        await untilWhole(fleet)
        for (const frontEnd of fleet.frontEnds) await untilTradingAt(frontEnd)
      }
      const { body } = await order(fleet.frontEnd, { name: 'tesla', quantity: 1, type: 'buy' })
      const { transaction_number: number } = (body as { data: { transaction_number: number } }).data
      await checkEndState(fleet, [{ number, name: 'tesla', type: 'buy', quantity: 1 }])
    } finally {
      const wrong = await fleet.stop()
      fleet.removeFolder()
      expect(wrong).toEqual([])
    }
  },
)
