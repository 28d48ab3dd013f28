import { SERVER_KEEPALIVE_MS, SERVER_KEEPALIVE_TIMEOUT_MS } from '../src/rpc/channel-options.ts'
import type { MessageStream, ServedStream, StreamHandlers, StreamMethod } from '../src/wire/network.ts'
import { RpcError } from '../src/wire/rpc-error.ts'
import type { Life, SimProcess } from './process.ts'
import type { StreamEnd, StreamPair } from './stream-pair.ts'
import type { Ways } from './ways.ts'
import { wrongOnArrival } from './wire.ts'

/** How often unconfirmed packets are sent again: the opening of a stream, or data to a machine that has vanished. */
const RETRANSMIT_MS = 200

const ignore = (): void => {}
const NOBODY: StreamHandlers<object> = { message() {}, closed() {} }

const newEnd = (life: Life, handlers: StreamHandlers<object>): StreamEnd => ({ life, handlers, open: true, arrivesAt: 0, held: [] })

/** Streams between simulated processes. Like TCP, they are reliable and ordered until they break. */
export class SimStreams {
  readonly #ways: Ways
  readonly #pairs = new Set<StreamPair>()

  constructor(ways: Ways) {
    this.#ways = ways
  }

  /** Returns the number of streams that are open at both ends, by method. */
  countOpen(processes: readonly SimProcess[]): Map<StreamMethod, number> {
    const open = new Map<StreamMethod, number>()
    for (const { method, ends } of this.#pairs) {
      if (ends.every((end) => !this.#isGone(end) && processes.includes(end.life.process))) open.set(method, (open.get(method) ?? 0) + 1)
    }
    return open
  }

  /** Resets one connection, as a router that forgets does. One end may learn of it only when it next sends. */
  resetOne(): void {
    const pair = this.#pick()
    if (!pair) return
    const told = this.#ways.random.pick([[0, 1], [0, 1], [0], [1]] as const)
    this.#break(
      pair,
      'connection reset',
      told.map((i) => pair.ends[i]),
    )
  }

  /** Resets every stream of a kind. Both ends learn of it. */
  resetAll(method: StreamMethod): void {
    for (const pair of [...this.#pairs]) if (pair.method === method) this.#break(pair, 'connection reset', pair.ends)
  }

  /** Makes routers forget all streams of this process. */
  forgetAllOf(process: SimProcess): void {
    for (const pair of this.#pairs) {
      if (pair.isForgotten || !pair.ends.some(({ life }) => life.process === process)) continue
      pair.isForgotten = true
      this.#missInTime(pair)
    }
  }

  /** Makes one direction of one stream stand still for a while. A new stream beside it does not. */
  stallOne(durationMs: number): string | undefined {
    const pair = this.#pick()
    if (!pair) return undefined
    const [end, other] = this.#ways.random.chance(0.5) ? pair.ends : [pair.ends[1], pair.ends[0]]
    end.arrivesAt = Math.max(end.arrivesAt, this.#ways.scheduler.nowMs + durationMs)
    return `${pair.method} from ${other.life.process.name} to ${end.life.process.name}`
  }

  /** Makes all that this process sends on its streams of one kind stand still for a while. */
  stallFrom(process: SimProcess, method: StreamMethod, durationMs: number): void {
    for (const pair of this.#pairs) {
      const [end, other] = pair.ends[0].life.process === process ? [pair.ends[1], pair.ends[0]] : pair.ends
      if (pair.method !== method || other.life.process !== process) continue
      end.arrivesAt = Math.max(end.arrivesAt, this.#ways.scheduler.nowMs + durationMs)
    }
  }

  releaseHeld(): void {
    for (const pair of this.#pairs) {
      for (const end of pair.ends) for (const deliver of end.held.splice(0)) deliver()
      if (pair.ends.every((end) => this.#isGone(end))) this.#pairs.delete(pair)
    }
  }

  open(life: Life, address: string, method: StreamMethod, handlers: StreamHandlers<object>): MessageStream<object> {
    if (!life.alive) return { send() {}, close() {} }
    const caller = newEnd(life, handlers)
    let pair: StreamPair | undefined
    const early: object[] = []
    const connected = (connectedPair: StreamPair) => {
      pair = connectedPair
      for (const message of early.splice(0)) this.#send(pair, 0, message)
    }
    this.#ways.scheduler.after(this.#ways.delay(), () => this.#connect(caller, address, method, connected))
    return {
      send: (message) => {
        if (!caller.open || !life.alive) return
        if (pair) this.#send(pair, 0, message)
        else early.push(message)
      },
      close: () => {
        if (pair) this.#closeFrom(pair, 0)
        else this.#close(caller, 'closed by this end')
      },
    }
  }

  #pick(): StreamPair | undefined {
    const pairs = [...this.#pairs]
    return pairs.length > 0 ? this.#ways.random.pick(pairs) : undefined
  }

  #connect(caller: StreamEnd, address: string, method: StreamMethod, connected: (pair: StreamPair) => void): void {
    const { scheduler } = this.#ways
    const host = this.#ways.hostAt(address)
    const silent = host ? this.#isCutBetween(caller.life, host.life) : this.#ways.isVanished(address)
    if (silent) {
      const again = () => (caller.open ? this.#connect(caller, address, method, connected) : undefined)
      return void scheduler.after(RETRANSMIT_MS, again)
    }
    const open = host?.services.streams[method] as ((stream: ServedStream<object>) => StreamHandlers<object>) | undefined
    if (!host || !open) return void caller.life.enter(() => this.#close(caller, 'connection refused'))
    host.life.enter(() => {
      if (!caller.open) return
      const callee = newEnd(host.life, NOBODY)
      const pair: StreamPair = { method, ends: [caller, callee], isForgotten: false }
      this.#pairs.add(pair)
      // The opened end may send before its handlers are known.
      callee.handlers = open({
        send: (message) => this.#send(pair, 1, message),
        close: () => this.#closeFrom(pair, 1),
        drained: () => Promise.resolve(),
      })
      for (const { life } of pair.ends) life.onEnd(() => this.#lifeEnded(pair, life))
      connected(pair)
    })
  }

  #isCutBetween(one: Life, other: Life): boolean {
    return this.#ways.isCut(one, other) || this.#ways.isCut(other, one)
  }

  /** Resets the streams of a life that has ended. A machine that has vanished resets nothing, so its neighbours wait. */
  #lifeEnded(pair: StreamPair, life: Life): void {
    if (!life.isVanished && !pair.isForgotten) this.#break(pair, 'connection reset', pair.ends)
    else if (pair.ends.every((end) => !end.life.alive)) this.#pairs.delete(pair)
    else this.#missInTime(pair)
  }

  /** Ends a stream whose client is gone. A server pings its client now and then, and so finds that out. */
  #missInTime(pair: StreamPair): void {
    const { scheduler, random } = this.#ways
    const [caller, callee] = pair.ends
    scheduler.after(random.next() * SERVER_KEEPALIVE_MS + SERVER_KEEPALIVE_TIMEOUT_MS, () => {
      callee.life.enter(() => {
        if (pair.isForgotten || this.#isGone(caller)) this.#close(callee, 'keepalive timeout')
      })
    })
  }

  #send(pair: StreamPair, from: 0 | 1, message: object): void {
    const sender = pair.ends[from]
    const receiver = pair.ends[1 - from]!
    if (!sender.open || !sender.life.alive) return
    for (const observer of this.#ways.observers) observer.sent?.(sender.life, message, pair)
    if (pair.isForgotten) return
    if (this.#isGone(receiver)) return this.#bounce(pair, sender, receiver)
    const lost = () => this.#bounce(pair, sender, receiver)
    this.#carry(sender, receiver, lost, () => {
      const wrong = wrongOnArrival(pair.method, from === 0 ? 'request' : 'response', message)
      if (wrong !== undefined) return this.#refuse(pair, sender, receiver, wrong)
      for (const observer of this.#ways.observers) observer.delivered?.(receiver.life, message, pair)
      receiver.handlers.message(message)
    })
  }

  /** Ends a stream at both ends, since a message on it breaks a rule. The real network does the same. */
  #refuse(pair: StreamPair, sender: StreamEnd, receiver: StreamEnd, wrong: string): void {
    for (const observer of this.#ways.observers) observer.refused?.(sender.life, wrong)
    this.#carry(receiver, sender, ignore, () => this.#close(sender, wrong))
    this.#close(receiver, wrong)
    this.#forget(pair)
  }

  #isGone(end: StreamEnd): boolean {
    return !end.open || !end.life.alive
  }

  /** Has the stream reset by the other end, which knows nothing of it, as soon as anybody is there. */
  #bounce(pair: StreamPair, sender: StreamEnd, receiver: StreamEnd): void {
    if (!sender.open || !sender.life.alive) return
    if (!receiver.life.alive && !receiver.life.process.life) {
      return void this.#ways.scheduler.after(RETRANSMIT_MS, () => this.#bounce(pair, sender, receiver))
    }
    this.#carry(receiver, sender, ignore, () => this.#close(sender, 'connection reset'))
    this.#forget(pair)
  }

  /** Delivers in order, after a delay. While the way is cut, the delivery waits until it heals. */
  #carry(sender: StreamEnd, receiver: StreamEnd, lost: () => void, deliver: () => void): void {
    const { scheduler } = this.#ways
    const go = () => {
      receiver.arrivesAt = Math.max(receiver.arrivesAt, scheduler.nowMs + this.#ways.delay())
      scheduler.after(receiver.arrivesAt - scheduler.nowMs, () => {
        if (receiver.life.isVanished) lost()
        else if (receiver.open) receiver.life.enter(() => receiver.open && deliver())
      })
    }
    if (receiver.held.length > 0 || this.#ways.isCut(sender.life, receiver.life)) receiver.held.push(go)
    else go()
  }

  #closeFrom(pair: StreamPair, from: 0 | 1): void {
    const { random, scheduler } = this.#ways
    const closer = pair.ends[from]
    const other = pair.ends[1 - from]!
    if (!closer.open) return
    if (pair.isForgotten) return this.#close(closer, 'closed by this end')
    const close = () => this.#close(other, 'closed by the other end')
    // A client closes by cancelling the call. That may overtake messages that it has just sent.
    const overtakes = from === 0 && random.chance(0.5) && !this.#ways.isCut(closer.life, other.life)
    if (overtakes) scheduler.after(this.#ways.delay(), () => other.life.enter(close))
    else this.#carry(closer, other, ignore, close)
    this.#close(closer, 'closed by this end')
    this.#forget(pair)
  }

  /** Forgets a stream that is over, unless a cut still holds back the news that it is. */
  #forget(pair: StreamPair): void {
    if (pair.ends.every((end) => end.held.length === 0)) this.#pairs.delete(pair)
  }

  #break(pair: StreamPair, why: string, told: readonly StreamEnd[]): void {
    if (!this.#pairs.has(pair) || pair.isForgotten) return
    if (told.length === pair.ends.length) this.#pairs.delete(pair)
    const { scheduler } = this.#ways
    if (!told.includes(pair.ends[1])) this.#missInTime(pair)
    for (const end of told) scheduler.after(this.#ways.delay(), () => end.life.enter(() => this.#close(end, why)))
  }

  #close(end: StreamEnd, why: string): void {
    if (!end.open) return
    end.open = false
    if (end.life.alive) end.handlers.closed(new RpcError('UNAVAILABLE', why))
  }
}
