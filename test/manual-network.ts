import type { MessageStream, Network, StreamHandlers, StreamMethod } from '../src/wire/network.ts'
import { RpcError, type RpcCode } from '../src/wire/rpc-error.ts'

/** The other end of a stream that somebody has opened. What it says arrives at once. */
export class ManualStream<Sent, Received> implements MessageStream<Sent> {
  readonly address: string
  readonly method: StreamMethod
  /** Messages that have arrived here, in order. */
  readonly sent: Sent[] = []
  readonly #handlers: StreamHandlers<Received>
  isOpen = true

  constructor(address: string, method: StreamMethod, handlers: StreamHandlers<Received>) {
    this.address = address
    this.method = method
    this.#handlers = handlers
  }

  send(message: Sent): void {
    if (this.isOpen) this.sent.push(message)
  }

  close(): void {
    this.break('UNAVAILABLE', 'closed by this end')
  }

  /** Something arrives. Also after the end, as what was on its way may. */
  say(message: Received): void {
    this.#handlers.message(message)
  }

  break(code: RpcCode = 'UNAVAILABLE', why = 'connection reset'): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#handlers.closed(new RpcError(code, why))
  }
}

/** A call that somebody has made. */
export interface ManualCall {
  readonly address: string
  readonly method: string
  readonly request: unknown
}

/** A network of streams whose other ends a test has in its hands. Nobody answers a call. */
export class ManualNetwork<Sent, Received> {
  /** All that were opened, the last one last. */
  readonly streams: ManualStream<Sent, Received>[] = []
  readonly calls: ManualCall[] = []

  readonly network = {
    openStream: (address: string, method: StreamMethod, handlers: StreamHandlers<Received>) => {
      const stream = new ManualStream<Sent, Received>(address, method, handlers)
      this.streams.push(stream)
      return stream
    },
    call: (address: string, method: string, request: unknown) => {
      this.calls.push({ address, method, request })
      return new Promise(() => {})
    },
  } as unknown as Network

  /** The stream that was opened last. */
  get stream(): ManualStream<Sent, Received> {
    return this.streams.at(-1)!
  }
}
