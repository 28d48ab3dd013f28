import {
  RpcError,
  type HttpAnswer,
  type MessageStream,
  type Network,
  type RpcServer,
  type ServerStreamMethod,
  type Services,
  type StreamHandlers,
  type StreamMethod,
  type UnaryMethod,
} from '../src/runtime/network.ts'
import type { Life } from './process.ts'
import type { SeededRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** How the network behaves at the moment. Changed by the nemesis. */
export interface NetworkWeather {
  delayMinMs: number
  delayMaxMs: number
  /** Now and then a message takes this much longer. */
  spikeProbability: number
  spikeMs: number
  /** A single call's request or answer gets lost; its caller meets its deadline. */
  lossProbability: number
  /** A single call is carried out twice. */
  duplicateProbability: number
}

export const FAIR_WEATHER: NetworkWeather = {
  delayMinMs: 0.1,
  delayMaxMs: 1,
  spikeProbability: 0,
  spikeMs: 0,
  lossProbability: 0,
  duplicateProbability: 0,
}

interface Host {
  readonly life: Life
  readonly services: Services
}

interface End {
  readonly life: Life
  readonly handlers: StreamHandlers<object>
  open: boolean
  /** When the last thing sent to this end arrives: streams keep their order. */
  arrivesAt: number
  /** What waits for a cut to heal. */
  readonly held: (() => void)[]
}

type HttpHandler = (path: string) => HttpAnswer

/** The network between simulated processes. Streams are reliable and ordered until they are reset, like TCP. */
export class SimNetwork {
  readonly #scheduler: Scheduler
  readonly #random: SeededRandom
  readonly #hosts = new Map<string, Host>()
  readonly #http = new Map<string, { life: Life; handle: HttpHandler }>()
  /** "from>to" by process name: messages that way do not arrive until it heals. */
  readonly #cuts = new Set<string>()
  readonly #streams = new Set<readonly [End, End]>()
  weather: NetworkWeather = { ...FAIR_WEATHER }
  /** Sees every message of every stream as it is sent. */
  onSend: (from: Life, message: object) => void = () => {}

  constructor(scheduler: Scheduler, random: SeededRandom) {
    this.#scheduler = scheduler
    this.#random = random
  }

  /** The network as one life of a process sees it. */
  for(life: Life): Network {
    return {
      openStream: <M extends StreamMethod>(address: string, method: M, handlers: StreamHandlers<never>) =>
        this.#openStream(life, address, method, handlers as StreamHandlers<object>) as never,
      call: (address, method, request, deadlineMs) => this.#call(life, address, method, request, deadlineMs) as never,
      callStreaming: (address, method, request, deadlineMs) =>
        this.#call(life, address, method, request, deadlineMs) as never,
      httpGet: (address, path, deadlineMs) => this.#httpGet(life, address, path, deadlineMs),
      serve: async (_port, services) => this.#serve(life, services),
    }
  }

  /** Answers HTTP requests for a front end. */
  serveHttp(life: Life, handle: HttpHandler): void {
    const { address } = life.process
    this.#http.set(address, { life, handle })
    life.onEnd(() => {
      if (this.#http.get(address)?.life === life) this.#http.delete(address)
    })
  }

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`)
  }

  heal(): void {
    this.#cuts.clear()
    for (const ends of this.#streams) {
      for (const end of ends) for (const deliver of end.held.splice(0)) deliver()
    }
  }

  /** Resets one connection, as a router that forgets does. */
  resetOne(): void {
    const streams = [...this.#streams]
    if (streams.length > 0) this.#break(this.#random.pick(streams), 'connection reset')
  }

  #serve(life: Life, services: Services): RpcServer {
    const { address } = life.process
    this.#hosts.set(address, { life, services })
    const gone = () => {
      if (this.#hosts.get(address)?.life === life) this.#hosts.delete(address)
    }
    life.onEnd(gone)
    return { port: Number(address.split(':')[1]), close: async () => gone() }
  }

  #delay(): number {
    const { delayMinMs, delayMaxMs, spikeProbability, spikeMs } = this.weather
    const spike = spikeProbability > 0 && this.#random.chance(spikeProbability) ? this.#random.next() * spikeMs : 0
    return this.#random.between(delayMinMs, delayMaxMs) + spike
  }

  #isCut(from: Life, to: Life): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(`${from.process.name}>${to.process.name}`)
  }

  // ---- streams ---------------------------------------------------------------------------------------------------

  #openStream(life: Life, address: string, method: StreamMethod, handlers: StreamHandlers<object>): MessageStream<object> {
    const caller: End = { life, handlers, open: true, arrivesAt: 0, held: [] }
    if (!life.alive) return { send() {}, close() {} }
    let callee: End | undefined
    const early: object[] = []
    const connect = () => {
      const host = this.#hosts.get(address)
      const open = host?.services.streams[method] as ((stream: MessageStream<object>) => StreamHandlers<object>) | undefined
      if (!host?.life.alive || !open) return this.#close(caller, 'connection refused')
      if (this.#isCut(life, host.life) || this.#isCut(host.life, life)) {
        return void this.#scheduler.after(200, () => (caller.open ? connect() : undefined))
      }
      host.life.enter(() => {
        if (!caller.open) return
        const streamToCaller: MessageStream<object> = {
          send: (message) => this.#send(pair, 1, message),
          close: () => this.#closeFrom(pair, 1),
        }
        // The handlers may send before they are returned.
        const end: End = { life: host.life, handlers: { message() {}, closed() {} }, open: true, arrivesAt: 0, held: [] }
        const pair = [caller, end] as const
        this.#streams.add(pair)
        Object.assign(end, { handlers: open(streamToCaller) })
        life.onEnd(() => this.#break(pair, 'connection reset'))
        host.life.onEnd(() => this.#break(pair, 'connection reset'))
        callee = end
        for (const message of early.splice(0)) this.#send(pair, 0, message)
      })
    }
    this.#scheduler.after(this.#delay(), connect)
    return {
      send: (message) => {
        if (!caller.open || !life.alive) return
        if (callee) this.#send([caller, callee], 0, message)
        else early.push(message)
      },
      close: () => {
        if (callee) this.#closeFrom([caller, callee], 0)
        else this.#close(caller, 'closed by this end')
      },
    }
  }

  #send(pair: readonly [End, End], from: 0 | 1, message: object): void {
    const [sender, receiver] = from === 0 ? pair : [pair[1], pair[0]]
    if (!sender.open || !sender.life.alive) return
    this.onSend(sender.life, message)
    this.#carry(sender, receiver, () => receiver.handlers.message(message))
  }

  /** In order, after a delay; while the way is cut, when it heals. */
  #carry(sender: End, receiver: End, deliver: () => void): void {
    const go = () => {
      receiver.arrivesAt = Math.max(receiver.arrivesAt, this.#scheduler.nowMs + this.#delay())
      this.#scheduler.after(receiver.arrivesAt - this.#scheduler.nowMs, () => {
        if (receiver.open) receiver.life.enter(() => receiver.open && deliver())
      })
    }
    if (receiver.held.length > 0 || this.#isCut(sender.life, receiver.life)) receiver.held.push(go)
    else go()
  }

  #closeFrom(pair: readonly [End, End], from: 0 | 1): void {
    const [closer, other] = from === 0 ? pair : [pair[1], pair[0]]
    if (!closer.open) return
    const close = () => this.#close(other, 'closed by the other end')
    // A client that closes cancels the call, which may overtake what it has just sent.
    if (from === 0 && this.#random.chance(0.5)) this.#scheduler.after(this.#delay(), () => other.life.enter(close))
    else this.#carry(closer, other, close)
    this.#close(closer, 'closed by this end')
    this.#streams.forEach((ends) => {
      if (ends[0] === pair[0]) this.#streams.delete(ends)
    })
  }

  #break(pair: readonly [End, End], why: string): void {
    if (!this.#streams.delete(pair)) return
    for (const end of pair) this.#scheduler.after(this.#delay(), () => end.life.enter(() => this.#close(end, why)))
  }

  #close(end: End, why: string): void {
    if (!end.open) return
    end.open = false
    if (end.life.alive) end.handlers.closed(new RpcError('UNAVAILABLE', why))
  }

  /** Calls a single-item method of a process directly, for looking into it. */
  async inspect(address: string, method: UnaryMethod): Promise<unknown> {
    const host = this.#hosts.get(address)
    return host ? this.#handle(host, method, {}) : undefined
  }

  // ---- single calls ----------------------------------------------------------------------------------------------

  #call(
    life: Life,
    address: string,
    method: UnaryMethod | ServerStreamMethod,
    request: object,
    deadlineMs: number,
  ): Promise<unknown> {
    return this.#exchange(life, deadlineMs, (answer, fail) => {
      const host = this.#hosts.get(address)
      if (!host?.life.alive) return this.#back(life, undefined, () => fail('UNAVAILABLE', 'connection refused'))
      if (this.#isCut(life, host.life)) return
      host.life.enter(() => {
        host.life.onEnd(() => this.#back(life, undefined, () => fail('UNAVAILABLE', 'connection reset')))
        this.#handle(host, method, request).then(
          (response) => this.#back(life, host.life, () => answer(response)),
          (error: unknown) => {
            const code = error instanceof RpcError ? error.code : 'INTERNAL'
            this.#back(life, host.life, () => fail(code, (error as Error).message))
          },
        )
      })
    })
  }

  async #handle({ services }: Host, method: UnaryMethod | ServerStreamMethod, request: object): Promise<unknown> {
    const unary = services.unary[method as UnaryMethod] as ((request: object) => Promise<object>) | undefined
    if (unary) return unary(request)
    const stream = services.serverStreams[method as ServerStreamMethod] as
      | ((request: object) => AsyncIterable<object>)
      | undefined
    if (!stream) throw new RpcError('UNIMPLEMENTED', method)
    const messages: object[] = []
    for await (const message of stream(request)) messages.push(message)
    return messages
  }

  #httpGet(life: Life, address: string, path: string, deadlineMs: number): Promise<HttpAnswer> {
    return this.#exchange(life, deadlineMs, (answer, fail) => {
      const server = this.#http.get(address)
      if (!server?.life.alive) return this.#back(life, undefined, () => fail('UNAVAILABLE', 'connection refused'))
      if (this.#isCut(life, server.life)) return
      server.life.enter(() => {
        const response = server.handle(path)
        this.#back(life, server.life, () => answer(response))
      })
    }) as Promise<HttpAnswer>
  }

  /** A request that may be lost, an answer that may be lost, and a deadline. */
  #exchange(
    life: Life,
    deadlineMs: number,
    deliver: (answer: (response: unknown) => void, fail: (code: RpcError['code'], why: string) => void) => void,
  ): Promise<unknown> {
    if (!life.alive) return new Promise(() => {})
    return new Promise((resolve, reject) => {
      const fail = (code: RpcError['code'], why: string) => reject(new RpcError(code, why))
      const timer = this.#scheduler.after(life.process.real(deadlineMs), () =>
        life.enter(() => fail('DEADLINE_EXCEEDED', 'no answer in time')),
      )
      const answer = (response: unknown) => {
        timer.cancel()
        resolve(response)
      }
      const times = this.#random.chance(this.weather.duplicateProbability) ? 2 : 1
      for (let i = 0; i < times; i += 1) {
        if (this.#random.chance(this.weather.lossProbability)) continue
        this.#scheduler.after(this.#delay(), () => deliver(answer, fail))
      }
    })
  }

  #back(to: Life, from: Life | undefined, deliver: () => void): void {
    if (from && (!from.alive || this.#isCut(from, to))) return
    if (this.#random.chance(this.weather.lossProbability)) return
    this.#scheduler.after(this.#delay(), () => to.enter(deliver))
  }
}
