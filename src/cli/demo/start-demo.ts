import type { BazaarClient } from '../../http/client.ts'
import { sleep, type Clock } from '../../runtime/clock.ts'
import { systemRandom } from '../../runtime/random.ts'
import { wordsOf } from '../failure.ts'
import { forgetDemo, readDemo, wantsDemo, writeDemo, type DemoWish } from './demo-file.ts'
import { DemoTraffic, type UsualLevels } from './traffic.ts'

/** The first so many stocks are traded, and no others. */
const DEMO_STOCKS_MAX = 10
const LIST_AGAIN_MS = 1_000

/**
 * Decides whether the system on a folder gets demo traffic, and remembers it in the folder. Call it with the folder claimed,
 * before anything is started there.
 */
export function decideDemo(wish: DemoWish, data: string, say: (line: string) => void): boolean {
  const isWanted = wantsDemo(wish, data)
  try {
    if (isWanted) writeDemo(data, readDemo(data) ?? {})
    else if (wish.demo === false) forgetDemo(data)
  } catch (error) {
    say(`Cannot remember in ${data} whether it has demo traffic: ${wordsOf(error)}`)
  }
  return isWanted
}

/** Lets a few gentle clients trade until the signal aborts. They keep the levels near those that they met the first time. */
export async function runDemo(client: BazaarClient, data: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const usual = await usualLevels(client, readDemo(data) ?? {}, clock, signal)
  try {
    writeDemo(data, usual)
  } catch {
    // The levels of the next start will do as well.
  }
  await new DemoTraffic({ client, clock, random: systemRandom, usual }).run(signal)
}

/** Returns the levels to keep near: those that are remembered, else the present ones. */
async function usualLevels(client: BazaarClient, remembered: UsualLevels, clock: Clock, signal: AbortSignal): Promise<UsualLevels> {
  while (!signal.aborted) {
    const listed = await client.stocks()
    if (listed.kind === 'ok') {
      const traded = listed.value.stocks.slice(0, DEMO_STOCKS_MAX)
      return Object.fromEntries(traded.map(({ name, quantity }) => [name, remembered[name] ?? quantity]))
    }
    await sleep(clock, LIST_AGAIN_MS, signal)
  }
  return remembered
}
