import { setTimeout as sleep } from 'node:timers/promises'
import { between, cpuUsed, type Moment, type TradedSystem } from './system.ts'

const WARM_UP_MS = 2_000

/** CPU and memory of one process while orders come. */
export interface Cost {
  readonly cpuPerOrderUs: number
  readonly memoryMb: number
}

/** One turn of one system. */
export interface Turn {
  readonly ordersPerSecond: number
  /** By what the process is: `catalogue`, `leader`, `a follower`, … */
  readonly costs: ReadonlyMap<string, Cost>
}

export interface Load {
  readonly clients: number
  readonly rounds: number
  /** Of one turn. */
  readonly seconds: number
}

/** Trades with all systems in turns, so that what the machine does besides strikes all of them; one list a system. */
export async function tradeInTurns(
  systems: readonly TradedSystem[],
  load: Load,
  tell: (what: string) => void,
): Promise<readonly (readonly Turn[])[]> {
  const turns = new Map(systems.map((system) => [system, [] as Turn[]]))
  for (let round = 1; round <= load.rounds; round++) {
    for (const system of round % 2 === 0 ? systems.toReversed() : systems) {
      const turn = await trade(system, load)
      turns.get(system)?.push(turn)
      tell(`round ${round}, ${system.orders} orders before: ${turn.ordersPerSecond.toFixed(0)} orders/s`)
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
  const { traded, ordersPerSecond } = between(before, after)
  const followers = ['a follower', 'the other follower']
  const costs = cpuUsed(before.status, after.status).map(({ member, cpuUs }): [string, Cost] => {
    const role = 'followers' in member ? (member.role === 'leader' ? 'leader' : followers.shift()!) : member.name
    return [role, { cpuPerOrderUs: cpuUs / traded, memoryMb: member.memoryBytes / 1e6 }]
  })
  return { ordersPerSecond, costs: new Map(costs) }
}
