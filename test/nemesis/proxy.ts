import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Pipe } from './pipe.ts'
import type { Wires } from './wires.ts'

interface Link {
  readonly caller: string
  readonly sockets: readonly Socket[]
  readonly pipes: readonly Pipe[]
  /** When bytes last came from either end. */
  movedAtMs: number
  /** True when nothing passes any more, and neither end was told. */
  isForgotten: boolean
}

/** The name of callers that are none of our processes, such as the test itself. No weather applies to them. */
const UNKNOWN_CALLER = 'unknown caller'

/**
 * The public address of one process. The proxy finds out who calls. The weather between the two processes then cuts or slows
 * each direction on its own. While a way is cut, new connections wait until it heals.
 */
export class TcpProxy {
  readonly name: string
  readonly #target: number
  readonly #wires: Wires
  readonly #callerAt: (address: string) => string | undefined
  readonly #server: Server
  readonly #links = new Set<Link>()
  readonly #forget: () => void
  readonly #closed = new AbortController()
  #unknownCallers = 0

  /** Makes a proxy for the process `name`, which listens on port `target` of loopback. Callers are known by their address. */
  constructor(name: string, target: number, wires: Wires, callerAt: (address: string) => string | undefined) {
    this.name = name
    this.#target = target
    this.#wires = wires
    this.#callerAt = callerAt
    const options = { allowHalfOpen: true, pauseOnConnect: true }
    this.#server = createServer(options, (incoming) => void this.#accept(incoming))
    this.#forget = wires.onChange(() => {
      for (const { pipes } of this.#links) for (const pipe of pipes) pipe.look()
    })
  }

  /** Connections whose callers the proxy could not tell from each other. */
  get unknownCallers(): number {
    return this.#unknownCallers
  }

  /** Starts to listen on a free port. Returns "host:port". */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Breaks every connection from `caller`. Returns how many there were. */
  reset(caller: string): number {
    const links = [...this.#links].filter((link) => link.caller === caller)
    for (const { sockets } of links) for (const socket of sockets) if (!socket.destroyed) socket.resetAndDestroy()
    return links.length
  }

  /**
   * Forgets every connection from `caller` (without one, from anybody) on which nothing has come for `idleMs`, as a router does:
   * both ends stay open, and all that they send is lost. Returns how many there were.
   */
  forgetIdle(idleMs: number, caller?: string): number {
    const before = performance.now() - idleMs
    const idle = [...this.#links].filter((link) => !link.isForgotten && link.movedAtMs <= before)
    const forgotten = idle.filter((link) => caller === undefined || link.caller === caller)
    for (const link of forgotten) link.isForgotten = true
    return forgotten.length
  }

  close(): void {
    this.#closed.abort()
    this.#forget()
    for (const { sockets } of this.#links) for (const socket of sockets) socket.destroy()
    this.#server.close()
  }

  async #accept(incoming: Socket): Promise<void> {
    incoming.on('error', () => {}) // `close` follows, and the pipe hands it on.
    if (incoming.remoteAddress === undefined) return void incoming.destroy() // Gone already.
    const caller = this.#callerAt(incoming.remoteAddress) ?? UNKNOWN_CALLER
    if (caller === UNKNOWN_CALLER) this.#unknownCallers++
    await this.#wires.untilOpen(caller, this.name, this.#closed.signal)
    if (incoming.destroyed || this.#closed.signal.aborted) return void incoming.destroy()
    const outgoing = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    incoming.setNoDelay(true)
    const passes = () => {
      link.movedAtMs = performance.now()
      return !link.isForgotten
    }
    const there = new Pipe(incoming, outgoing, () => this.#wires.on(caller, this.name), passes)
    const back = new Pipe(outgoing, incoming, () => this.#wires.on(this.name, caller), passes)
    const link: Link = { caller, sockets: [incoming, outgoing], pipes: [there, back], movedAtMs: performance.now(), isForgotten: false }
    this.#links.add(link)
    incoming.once('close', () => this.#ended(link))
    outgoing.once('close', () => this.#ended(link))
    incoming.resume()
  }

  /** A connection is over when both its sockets are. */
  #ended(link: Link): void {
    if (!link.sockets.every((socket) => socket.destroyed)) return
    this.#links.delete(link)
    for (const pipe of link.pipes) pipe.drop()
  }
}
