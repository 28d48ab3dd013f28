import type { MessageStream, Network, ServedStream, StreamHandlers, StreamMethod } from '../src/wire/network.ts'
import { RpcError, type RpcCode } from '../src/wire/rpc-error.ts'

/** The other end of a stream that somebody has opened. Its messages arrive at once. */
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

  /** Lets a message arrive. It may also arrive after the end, like a message that was on its way. */
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

/** A network of streams whose other ends the test holds. Nobody answers a call. */
export class ManualNetwork<Sent, Received> {
  /** All streams that were opened, in order. */
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

/** This process's end of a stream that a peer has opened. The test plays the peer, whose messages arrive at once. */
export class ManualServedStream<Sent, Received> implements ServedStream<Sent> {
  /** Messages that have reached the peer, in order. */
  readonly sent: Sent[] = []
  readonly #handlers: StreamHandlers<Received>
  readonly #waiting: (() => void)[] = []
  isOpen = true
  /** True when the peer takes all messages at once. Otherwise it takes them when {@link take} is called. */
  takesAll = true

  /** `serve` makes the handlers of this end. */
  constructor(serve: (stream: ServedStream<Sent>) => StreamHandlers<Received>) {
    this.#handlers = serve(this)
  }

  send(message: Sent): void {
    if (this.isOpen) this.sent.push(message)
  }

  drained(): Promise<void> {
    return this.takesAll || !this.isOpen ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve))
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.take()
    this.#handlers.closed(new RpcError('UNAVAILABLE', 'the stream is closed'))
  }

  /** The peer says something. */
  say(message: Partial<Received>): void {
    this.#handlers.message(message as Received)
  }

  /** The peer takes what has been sent. */
  take(): void {
    for (const taken of this.#waiting.splice(0)) taken()
  }
}
