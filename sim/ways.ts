import type { HttpAnswer, HttpHeaders } from '../src/runtime/http-get.ts'
import type { RpcServer, Services } from '../src/wire/network.ts'
import type { NetworkObserver } from './network-observer.ts'
import type { Life } from './process.ts'
import type { SimRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** How the network behaves at the moment. The nemesis changes it. */
export interface NetworkWeather {
  delayMinMs: number
  delayMaxMs: number
  /** How often a message takes longer, by up to `spikeMs`. */
  spikeProbability: number
  spikeMs: number
  /** How often the request or the answer of a single call is lost. The caller then waits until its deadline. */
  lossProbability: number
  /** How often a single call is carried out twice. */
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

export interface Host {
  readonly life: Life
  readonly services: Services
}

export type HttpHandler = (path: string, headers: HttpHeaders) => HttpAnswer

/** The ways between simulated processes: who listens where, which ways are cut, and how long messages take. */
export class Ways {
  readonly scheduler: Scheduler
  readonly random: SimRandom
  readonly observers: NetworkObserver[] = []
  readonly #hosts = new Map<string, Host>()
  readonly #http = new Map<string, { life: Life; handle: HttpHandler }>()
  /** The ways that are cut, as "from>to" by process name. Messages do not arrive until a way heals. */
  readonly #cuts = new Set<string>()
  /** Addresses where nobody even refuses a connection. */
  readonly #vanished = new Set<string>()
  weather: NetworkWeather = { ...FAIR_WEATHER }

  constructor(scheduler: Scheduler, random: SimRandom) {
    this.scheduler = scheduler
    this.random = random
  }

  /** Lets a life of a process answer single calls and streams at its address. */
  serve(life: Life, services: Services): RpcServer {
    const { address } = life.process
    this.#hosts.set(address, { life, services })
    const gone = () => {
      if (this.#hosts.get(address)?.life === life) this.#hosts.delete(address)
    }
    life.onEnd(gone)
    return { port: Number(address.split(':')[1]), close: async () => gone() }
  }

  /** Answers HTTP requests for a front end. */
  serveHttp(life: Life, handle: HttpHandler): void {
    const { address } = life.process
    this.#http.set(address, { life, handle })
    life.onEnd(() => {
      if (this.#http.get(address)?.life === life) this.#http.delete(address)
    })
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

  /** Connects all ways that were cut. */
  heal(): void {
    this.#cuts.clear()
  }

  vanished(address: string): void {
    this.#vanished.add(address)
  }

  /** Called when something runs at the address again. It refuses connections that it does not know. */
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
}
