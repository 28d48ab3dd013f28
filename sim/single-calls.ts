import { CallChannels, type CallChannel } from '../src/rpc/call-channels.ts'
import { afterAwake } from '../src/runtime/clock.ts'
import type { Asker } from '../src/runtime/gate.ts'
import type { HttpAnswer, HttpHeaders } from '../src/runtime/http-get.ts'
import type { ServerStreamMethod, UnaryMethod } from '../src/wire/network.ts'
import { RpcError } from '../src/wire/rpc-error.ts'
import type { Life, SimProcess } from './process.ts'
import type { Host, Ways } from './ways.ts'
import { wrongOnArrival } from './wire.ts'

/** When an answer has come to its caller. The caller may not have read it yet. */
interface Reply {
  arrivedAt: number
}

type Fail = (code: RpcError['code'], why: string) => void

/** The connection for calls from one process to one address. */
interface SimChannel extends CallChannel {
  readonly address: string
  /** True when a router on the way has forgotten the connection. Nothing arrives any more. */
  isForgotten: boolean
}

/** Single calls between simulated processes. Requests and answers may be lost, and a call may be carried out twice. */
export class SimCalls {
  readonly #ways: Ways

  /** The open channels, with the process that opened each. */
  readonly #open = new Map<SimChannel, Life>()
  readonly #channels = new WeakMap<Life, CallChannels<SimChannel>>()

  constructor(ways: Ways) {
    this.#ways = ways
  }

  /** Makes routers forget all connections for calls between this process and the others. */
  forgetAllBetween(process: SimProcess, others: readonly SimProcess[]): void {
    for (const [channel, life] of this.#open) {
      const isBetween = life.process === process || (channel.address === process.address && others.includes(life.process))
      if (isBetween) channel.isForgotten = true
    }
  }

  #channelsOf(life: Life): CallChannels<SimChannel> {
    const known = this.#channels.get(life)
    if (known) return known
    const channels = new CallChannels((address) => {
      const channel: SimChannel = { address, isForgotten: false, close: () => void this.#open.delete(channel) }
      this.#open.set(channel, life)
      life.onEnd(channel.close)
      return channel
    })
    this.#channels.set(life, channels)
    return channels
  }

  call(life: Life, address: string, method: UnaryMethod | ServerStreamMethod, request: object, deadlineMs: number): Promise<unknown> {
    const { scheduler } = this.#ways
    const until = scheduler.nowMs + life.process.real(deadlineMs)
    const asker: Asker = {
      get isGone() {
        return scheduler.nowMs >= until || !life.alive
      },
    }
    const carry = (channel: SimChannel) =>
      this.#exchange(life, deadlineMs, (answer, fail, reply) => {
        const host = this.#ways.hostAt(address)
        if (channel.isForgotten) return
        if (!host) return this.#refuse(life, address, fail)
        if (this.#ways.isCut(life, host.life)) return
        host.life.enter(() => {
          const forget = host.life.onEnd(() => {
            if (!host.life.isVanished && !channel.isForgotten) this.#back(life, undefined, () => fail('UNAVAILABLE', 'connection reset'))
          })
          const back = (deliver: () => void) => {
            forget()
            if (!channel.isForgotten) this.#back(life, host.life, deliver, reply)
          }
          this.#taken(life, host, method, request, asker).then(
            (response) => {
              if (!host.life.alive) return
              const wrong = this.#wrongIn(host.life, method, 'response', response)
              if (wrong !== undefined) return back(() => fail('INTERNAL', wrong))
              for (const observer of this.#ways.observers) observer.answered?.(host.life, life, method, response)
              back(() => answer(response))
            },
            (error: unknown) => {
              const code = error instanceof RpcError ? error.code : 'INTERNAL'
              back(() => fail(code, (error as Error).message))
            },
          )
        })
      })
    return life.alive ? this.#channelsOf(life).over(address, carry) : new Promise(() => {})
  }

  /** Takes a request. As in the real network, a request that breaks a rule is refused before any handler sees it. */
  async #taken(caller: Life, host: Host, method: UnaryMethod | ServerStreamMethod, request: object, asker: Asker): Promise<unknown> {
    const wrong = this.#wrongIn(caller, method, 'request', request)
    if (wrong !== undefined) throw new RpcError('INVALID_ARGUMENT', wrong)
    return this.handle(host, method, request, asker)
  }

  #wrongIn(from: Life, method: UnaryMethod | ServerStreamMethod, side: 'request' | 'response', message: unknown): string | undefined {
    for (const each of Array.isArray(message) ? message : [message]) {
      const wrong = wrongOnArrival(method, side, each)
      if (wrong === undefined) continue
      for (const observer of this.#ways.observers) observer.refused?.(from, wrong)
      return wrong
    }
    return undefined
  }

  async handle({ services }: Host, method: UnaryMethod | ServerStreamMethod, request: object, asker: Asker): Promise<unknown> {
    const unary = services.unary[method as UnaryMethod] as ((request: object, asker: Asker) => Promise<object>) | undefined
    if (unary) return unary(request, asker)
    const stream = services.serverStreams[method as ServerStreamMethod] as
      | ((request: object, asker: Asker) => AsyncIterable<object>)
      | undefined
    if (!stream) throw new RpcError('UNIMPLEMENTED', method)
    const messages: object[] = []
    for await (const message of stream(request, asker)) messages.push(message)
    return messages
  }

  httpGet(life: Life, address: string, path: string, deadlineMs: number, headers: HttpHeaders = {}): Promise<HttpAnswer> {
    return this.#exchange(life, deadlineMs, (answer, fail, reply) => {
      const server = this.#ways.httpAt(address)
      if (!server) return this.#refuse(life, address, fail)
      if (this.#ways.isCut(life, server.life)) return
      server.life.enter(() => {
        const response = server.handle(path, headers)
        this.#back(life, server.life, () => answer(response), reply)
      })
    }) as Promise<HttpAnswer>
  }

  /** Refuses a call. Where a machine has vanished, nobody even refuses. */
  #refuse(life: Life, address: string, fail: Fail): void {
    if (!this.#ways.isVanished(address)) this.#back(life, undefined, () => fail('UNAVAILABLE', 'connection refused'))
  }

  /** Carries a request and its answer. Either may be lost. The call ends at its deadline. */
  #exchange(
    life: Life,
    deadlineMs: number,
    deliver: (answer: (response: unknown) => void, fail: Fail, reply: Reply) => void,
  ): Promise<unknown> {
    const { scheduler, random, weather } = this.#ways
    if (!life.alive) return new Promise(() => {})
    return new Promise((resolve, reject) => {
      const reply: Reply = { arrivedAt: Infinity }
      const dueAt = scheduler.nowMs + life.process.real(deadlineMs)
      const timer = afterAwake(life.runtime.clock, deadlineMs, () => {
        if (reply.arrivedAt < dueAt) for (const observer of this.#ways.observers) observer.gaveUpAnswered?.(life)
        fail('DEADLINE_EXCEEDED', 'no answer in time')
      })
      const fail: Fail = (code, why) => {
        timer.cancel()
        reject(new RpcError(code, why))
      }
      const answer = (response: unknown) => {
        timer.cancel()
        resolve(response)
      }
      const times = random.chance(weather.duplicateProbability) ? 2 : 1
      for (let i = 0; i < times; i += 1) {
        if (random.chance(weather.lossProbability)) continue
        scheduler.after(this.#ways.delay(), () => deliver(answer, fail, reply))
      }
    })
  }

  #back(to: Life, from: Life | undefined, deliver: () => void, reply?: Reply): void {
    const { scheduler, random, weather } = this.#ways
    if (from && (!from.alive || this.#ways.isCut(from, to))) return
    if (random.chance(weather.lossProbability)) return
    scheduler.after(this.#ways.delay(), () => {
      if (reply) reply.arrivedAt = scheduler.nowMs
      to.enter(deliver)
    })
  }
}
