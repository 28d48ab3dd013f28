import { setTimeout as sleep } from 'node:timers/promises'
import { cpuUsed, intervalOf, type Moment, type TradedSystem } from './system.ts'

const WARM_UP_MS = 2_000

/** CPU and memory of one process while orders come. */
export interface Cost {
  readonly cpuPerOrderUs: number
  readonly memoryMb: number
}

/** One turn of one system. */
export interface Turn {
  readonly ordersPerSecond: number
  /** By the role of the process: `catalogue`, `leader`, `follower 1`, … */
  readonly costs: ReadonlyMap<string, Cost>
}

export interface Load {
  readonly clients: number
  readonly rounds: number
  /** The length of one turn. */
  readonly seconds: number
}

/**
 * Trades with all systems in turns, so that other work on the machine slows all of them. Returns a list for each system. The
 * first turn of each does not count, since its code is not compiled yet.
 */
export async function tradeInTurns(
  systems: readonly TradedSystem[],
  load: Load,
  tell: (what: string) => void,
): Promise<readonly (readonly Turn[])[]> {
  const turns = new Map(systems.map((system) => [system, [] as Turn[]]))
  tell('warming up')
  for (const system of systems) await trade(system, load)
  for (let round = 1; round <= load.rounds; round++) {
    for (const system of round % 2 === 0 ? systems.toReversed() : systems) {
      const turn = await trade(system, load)
      turns.get(system)?.push(turn)
      tell(`round ${round}, ${system.ordersAtStart} orders at the start: ${turn.ordersPerSecond.toFixed(0)} orders/s`)
    }
  }
  return [...turns.values()]
}

function trade(system: TradedSystem, { clients, seconds }: Load): Promise<Turn> {
  return system.whileTrading(clients, async (trading) => {
    await sleep(WARM_UP_MS)
    const before = await system.moment(trading)
    await sleep(seconds * 1_000)
    return turnOf(before, await system.moment(trading))
  })
}

function turnOf(before: Moment, after: Moment): Turn {
  const { traded, ordersPerSecond } = intervalOf(before, after)
  let followers = 0
  const costs = cpuUsed(before.status, after.status).map(({ member, cpuUs }): [string, Cost] => {
    const isFollower = 'followers' in member && member.role !== 'leader'
    const name = isFollower ? `follower ${++followers}` : 'followers' in member ? 'leader' : member.name
    return [name, { cpuPerOrderUs: cpuUs / traded, memoryMb: member.memoryBytes / 1e6 }]
  })
  return { ordersPerSecond, costs: new Map(costs) }
}
