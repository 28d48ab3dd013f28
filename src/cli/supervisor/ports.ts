import { createServer, type Server } from 'node:net'
import { sleep, type Clock } from '../../runtime/clock.ts'
import { CommandFailure, wordsOf } from '../failure.ts'

/** Ports in the range for outgoing connections can be held by a stranger for a moment. */
const RETRY_FOR_MS = 2_000
const RETRY_EVERY_MS = 100

/** A port that somebody wants: which, for what, and how to choose another. */
export interface PortWish {
  readonly use: string
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** The flag that changes it. */
  readonly flag: string
  /** Take another one without a word when this one is held. */
  readonly orAny: boolean
}

/**
 * Grants every wish a port that was free a moment ago; no two get the same one.
 * @throws CommandFailure naming the port that stays held and the flag that changes it.
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
  const giveUpAtMs = clock.monotonicMs() + RETRY_FOR_MS
  while (true) {
    try {
      return await listen(wish.host, wish.port)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cannotListen(wish, wordsOf(error))
      if (wish.orAny) return listen(wish.host, 0)
      if (clock.monotonicMs() >= giveUpAtMs) throw cannotListen(wish, 'another program holds it (`ss -ltnp` names it)')
      await sleep(clock, RETRY_EVERY_MS)
    }
  }
}

const cannotListen = ({ use, host, port, flag }: PortWish, why: string): CommandFailure =>
  new CommandFailure(
    `${use} cannot listen on ${host}:${port}: ${why}. Choose another port with ${flag}, or ${flag} 0 for any free one.`,
  )

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
