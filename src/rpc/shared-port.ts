import { lookup } from 'node:dns/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { joinAddress, splitAddress } from '../runtime/address.ts'
import { systemClock, type Clock } from '../runtime/clock.ts'
import { whilePortIsTaken } from '../runtime/listening.ts'
import { OPENING } from './frames.ts'

/** A connection that has not said by then what it wants is closed. */
const OPENING_MS = 60_000
const NOTHING = Buffer.alloc(0)

/** Who takes the connections to a port. */
export interface PortUsers {
  /** Takes a connection that may speak gRPC. Whatever was read of it has been put back. */
  grpc(socket: Socket): void
  /**
   * Takes a connection that began with `OPENING`; `ahead` came after that. It is closed unless `named` is called in time.
   * Undefined: gRPC gets all connections.
   */
  readonly frames: ((socket: Socket, ahead: Buffer, named: () => void) => void) | undefined
}

/** "host:port" of the other end, as gRPC's words have it. */
export const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress ?? 'unknown'}:${remotePort ?? 0}`

/** A port that gRPC and frames share. */
export interface SharedPort {
  readonly port: number
  /** Takes no more connections. Resolves once those that there are have ended. */
  close(): Promise<unknown>
  /** Ends all connections. */
  destroy(): void
}

/**
 * Listens at all addresses of a host.
 * @throws Error when the port stays taken for two seconds.
 */
export async function sharePort(host: string, port: number, users: PortUsers): Promise<SharedPort> {
  const sockets = new Set<Socket>()
  const unsorted = new Set<Socket>()
  const accept = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket)).on('error', () => {}) // `close` tells of it.
    if (!users.frames) return users.grpc(socket)
    unsorted.add(socket)
    sort(socket, systemClock, users.frames, users.grpc, () => unsorted.delete(socket))
  }
  const address = joinAddress(host, port)
  try {
    const servers = await whilePortIsTaken(systemClock, () => listen(splitAddress(address).host, port, accept))
    return {
      port: portOf(servers[0]) ?? port,
      close: () => {
        const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
        for (const socket of unsorted) socket.destroy()
        return Promise.all(closed)
      },
      destroy: () => {
        for (const socket of sockets) socket.destroy()
      },
    }
  } catch (error) {
    throw new Error(`cannot listen on ${address}: ${(error as Error).message}`)
  }
}

const portOf = (server: Server | undefined): number | undefined => (server?.address() as AddressInfo | undefined)?.port

/** A host name may have an address that this machine lacks, such as the one of IPv6: one address is enough. */
async function listen(host: string, port: number, accept: (socket: Socket) => void): Promise<Server[]> {
  const servers: Server[] = []
  let failure: unknown
  for (const { address } of await lookup(host, { all: true })) {
    const server = createServer({ noDelay: true }, accept)
    const samePort = portOf(servers[0]) ?? port
    try {
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(samePort, address, resolve))
      servers.push(server)
    } catch (error) {
      failure = error
    }
  }
  if (servers.length === 0) throw failure
  return servers
}

/** Finds out by its first bytes what a connection is for. `sorted` is called once that is known, or the connection is over. */
export function sort(
  socket: Socket,
  clock: Clock,
  frames: NonNullable<PortUsers['frames']>,
  grpc: PortUsers['grpc'],
  sorted: () => void,
): void {
  let begun: Buffer = NOTHING
  const timer = clock.after(OPENING_MS, () => socket.destroy())
  const named = () => timer.cancel()
  const look = (chunk: Buffer) => {
    begun = begun.length > 0 ? Buffer.concat([begun, chunk]) : chunk
    const known = Math.min(begun.length, OPENING.length)
    const isOurs = begun.compare(OPENING, 0, known, 0, known) === 0
    if (isOurs && known < OPENING.length) return
    socket.off('data', look)
    sorted()
    if (isOurs) return frames(socket, begun.subarray(known), named)
    named()
    socket.pause()
    socket.unshift(begun)
    grpc(socket)
  }
  socket.on('data', look).once('close', () => {
    named()
    sorted()
  })
}
