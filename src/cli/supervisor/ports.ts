import { createServer, type Server } from 'node:net'
import { joinAddress } from '../../runtime/address.ts'
import type { Clock } from '../../runtime/clock.ts'
import { isTaken, whilePortIsTaken } from '../../runtime/listening.ts'
import { CommandFailure, wordsOf } from '../failure.ts'

/** A port that somebody wants, its use, and how to choose another. */
export interface PortWish {
  readonly use: string
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** The flag that changes the port. */
  readonly flag: string
  /** True to take another port without a word when this one is held. */
  readonly orAny: boolean
}

/**
 * Grants every wish a port that was free a moment ago. No two wishes get the same port.
 * @throws CommandFailure that names the port that stays held, and the flag that changes it.
 */
export async function grantPorts(wishes: readonly PortWish[], clock: Clock): Promise<readonly number[]> {
  const held: Server[] = []
  try {
    const ports: number[] = []
    for (const wish of wishes) {
      const server = await hold(wish, clock)
      held.push(server)
      ports.push(portOf(server))
    }
    return ports
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

async function hold(wish: PortWish, clock: Clock): Promise<Server> {
  try {
    if (wish.orAny) return await listen(wish.host, wish.port).catch((error) => listen(wish.host, isTaken(error) ? 0 : wish.port))
    return await whilePortIsTaken(clock, () => listen(wish.host, wish.port))
  } catch (error) {
    throw cannotListen(wish, wordsOf(error))
  }
}

const cannotListen = ({ use, host, port, flag }: PortWish, why: string): CommandFailure =>
  new CommandFailure(`${use} cannot listen on ${joinAddress(host, port)}: ${why}. ${flag} takes another one, ${flag} 0 any free one.`)

function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => resolve(server))
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('a listening server has no port')
  return address.port
}
