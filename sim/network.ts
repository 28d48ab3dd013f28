import { PATIENT_ASKER } from '../src/runtime/gate.ts'
import type { Network, StreamHandlers, StreamMethod, UnaryMethod } from '../src/wire/network.ts'
import type { Life, SimProcess } from './process.ts'
import type { SimRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { SimCalls } from './single-calls.ts'
import { SimStreams } from './streams.ts'
import { Ways } from './ways.ts'

/** The network between simulated processes: streams and single calls on the ways between them. */
export class SimNetwork extends Ways {
  readonly streams: SimStreams
  readonly #calls: SimCalls

  constructor(scheduler: Scheduler, random: SimRandom) {
    super(scheduler, random)
    this.streams = new SimStreams(this)
    this.#calls = new SimCalls(this)
  }

  /** Returns the network as one life of a process sees it. */
  for(life: Life): Network {
    return {
      openStream: <M extends StreamMethod>(address: string, method: M, handlers: StreamHandlers<never>) =>
        this.streams.open(life, address, method, handlers as StreamHandlers<object>) as never,
      call: (address, method, request, deadlineMs) => this.#calls.call(life, address, method, request, deadlineMs) as never,
      callStreaming: (address, method, request, deadlineMs) => this.#calls.call(life, address, method, request, deadlineMs) as never,
      httpGet: (address, path, deadlineMs, headers) => this.#calls.httpGet(life, address, path, deadlineMs, headers),
      serve: async (_port, services) => this.serve(life, services),
    }
  }

  /** Makes routers forget every connection between this process and others. All stay open, but nothing arrives any more. */
  forgetAllBetween(process: SimProcess, others: readonly SimProcess[]): void {
    this.streams.forgetAllOf(process)
    this.#calls.forgetAllBetween(process, others)
  }

  override heal(): void {
    super.heal()
    this.streams.releaseHeld()
  }

  /** Makes a single call at a process directly, past the simulated network, to look into it. */
  async inspect(address: string, method: UnaryMethod): Promise<unknown> {
    const host = this.hostAt(address)
    return host ? this.#calls.handle(host, method, {}, PATIENT_ASKER).catch(() => undefined) : undefined
  }
}
