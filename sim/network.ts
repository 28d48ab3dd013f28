import { PATIENT_ASKER } from '../src/runtime/gate.ts'
import type { HttpAnswer, HttpHeaders } from '../src/runtime/http-get.ts'
import type { Network, RpcServer, Services, StreamHandlers, StreamMethod, UnaryMethod } from '../src/wire/network.ts'
import type { Life, SimProcess } from './process.ts'
import type { SimRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { SimCalls } from './single-calls.ts'
import { SimStreams, type StreamPair } from './streams.ts'

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

/** Sees what processes tell each other; for checks. */
export interface NetworkObserver {
  /** A message of a stream is sent. */
  sent?(from: Life, message: object, stream: StreamPair): void
  /** A message of a stream is about to be handled. */
  delivered?(to: Life, message: object, stream: StreamPair): void
  /** A message was refused where it arrived: it holds what no message may hold. */
  refused?(from: Life, wrong: string): void
  /** A caller gives up on a call whose answer had come to it in time: it had not read that yet. */
  gaveUpAnswered?(caller: Life): void
  /** A single call has its answer, which now goes back. */
  answered?(by: Life, caller: Life, method: string, response: unknown): void
}

/** Shows an observer only what these processes say and take. */
export const onlyOf = (processes: readonly SimProcess[], observer: NetworkObserver): NetworkObserver => ({
  sent: (from, message, stream) => {
    if (processes.includes(from.process)) observer.sent?.(from, message, stream)
  },
  delivered: (to, message, stream) => {
    if (processes.includes(to.process)) observer.delivered?.(to, message, stream)
  },
  gaveUpAnswered: (caller) => {
    if (processes.includes(caller.process)) observer.gaveUpAnswered?.(caller)
  },
  answered: (by, caller, method, response) => {
    if (processes.includes(by.process)) observer.answered?.(by, caller, method, response)
  },
})

export interface Host {
  readonly life: Life
  readonly services: Services
}

export type HttpHandler = (path: string, headers: HttpHeaders) => HttpAnswer

/** The network between simulated processes: who listens where, what is cut, and how long things take. */
export class SimNetwork {
  readonly scheduler: Scheduler
  readonly random: SimRandom
  readonly observers: NetworkObserver[] = []
  readonly streams: SimStreams
  readonly #calls: SimCalls
  readonly #hosts = new Map<string, Host>()
  readonly #http = new Map<string, { life: Life; handle: HttpHandler }>()
  /** "from>to" by process name: messages that way do not arrive until it heals. */
  readonly #cuts = new Set<string>()
  /** Addresses where nobody even refuses. */
  readonly #vanished = new Set<string>()
  weather: NetworkWeather = { ...FAIR_WEATHER }

  constructor(scheduler: Scheduler, random: SimRandom) {
    this.scheduler = scheduler
    this.random = random
    this.streams = new SimStreams(this)
    this.#calls = new SimCalls(this)
  }

  /** The network as one life of a process sees it. */
  for(life: Life): Network {
    return {
      openStream: <M extends StreamMethod>(address: string, method: M, handlers: StreamHandlers<never>) =>
        this.streams.open(life, address, method, handlers as StreamHandlers<object>) as never,
      call: (address, method, request, deadlineMs) => this.#calls.call(life, address, method, request, deadlineMs) as never,
      callStreaming: (address, method, request, deadlineMs) =>
        this.#calls.call(life, address, method, request, deadlineMs) as never,
      httpGet: (address, path, deadlineMs, headers) => this.#calls.httpGet(life, address, path, deadlineMs, headers),
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

  /** Boxes on the way forget every connection between this process and others: all stay open, and nothing arrives any more. */
  forgetAllBetween(process: SimProcess, others: readonly SimProcess[]): void {
    this.streams.forgetAllOf(process)
    this.#calls.forgetAllBetween(process, others)
  }

  hostAt(address: string): Host | undefined {
    return this.#hosts.get(address)
  }

  httpAt(address: string): { readonly life: Life; readonly handle: HttpHandler } | undefined {
    return this.#http.get(address)
  }

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`)
  }

  isCut(from: Life, to: Life): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(`${from.process.name}>${to.process.name}`)
  }

  heal(): void {
    this.#cuts.clear()
    this.streams.releaseHeld()
  }

  vanished(address: string): void {
    this.#vanished.add(address)
  }

  /** Something runs at the address again: it refuses what it does not know. */
  returned(address: string): void {
    this.#vanished.delete(address)
  }

  isVanished(address: string): boolean {
    return this.#vanished.has(address)
  }

  delay(): number {
    const { delayMinMs, delayMaxMs, spikeProbability, spikeMs } = this.weather
    const spike = spikeProbability > 0 && this.random.chance(spikeProbability) ? this.random.next() * spikeMs : 0
    return this.random.between(delayMinMs, delayMaxMs) + spike
  }

  /** Calls a single-item method of a process directly, for looking into it. */
  async inspect(address: string, method: UnaryMethod): Promise<unknown> {
    const host = this.#hosts.get(address)
    return host ? this.#calls.handle(host, method, {}, PATIENT_ASKER).catch(() => undefined) : undefined
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
}
