import { readFileSync } from 'node:fs'
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatusData } from '../../src/http/types.ts'
import { methodFrame, OPENING } from '../../src/rpc/frames.ts'
import { splitAddress } from '../../src/runtime/address.ts'
import type { Cluster } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { Load, type LoadReport } from './load.ts'

/** Callers who ask for much, and the effects on the system. All of it is on this machine, and each loop has an end. */

const SAMPLE_MS = 50

/** The observations during a flood. */
export interface SeenMeanwhile extends LoadReport {
  readonly elections: number
  /** The largest resident memory of any process, in bytes. 0 on systems without /proc. */
  readonly memoryBytes: number
}

/** Trades while `flood` runs, and until `orders` orders were acknowledged as well. */
export async function tradeDuring(cluster: Cluster, orders: number, flood: () => Promise<unknown>): Promise<SeenMeanwhile> {
  const electionsBefore = (await statusOf(cluster)).frontEnd.elections
  const pids = [...cluster.pids.values()]
  let memoryBytes = 0
  const sampling = new AbortController()
  const sampler = (async () => {
    while (!sampling.signal.aborted) {
      memoryBytes = Math.max(memoryBytes, ...pids.map(residentBytes))
      await sleep(SAMPLE_MS)
    }
  })()
  const load = new Load(() => cluster.frontEnd, { clients: 2 })
  try {
    await Promise.all([flood(), load.untilAcknowledged(orders)])
  } finally {
    sampling.abort()
    await sampler
  }
  const report = await load.stop()
  return { ...report, elections: (await statusOf(cluster)).frontEnd.elections - electionsBefore, memoryBytes }
}

const statusOf = async ({ frontEnd }: Cluster): Promise<StatusData> => dataOf<StatusData>(await ask(frontEnd, '/status'))

function residentBytes(pid: number): number {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes ?? 0) * 1_024
  } catch {
    return 0
  }
}

/** A client that sends requests behind each other on one connection. */
export class Pipeline {
  readonly #socket: Socket
  #isClosed = false
  #received = 0
  #tail = ''
  /** Answers by status. */
  readonly statuses = new Map<number, number>()

  constructor(address: string) {
    const url = new URL(`http://${address}`)
    this.#socket = connect({ host: url.hostname, port: Number(url.port) })
    this.#socket.on('error', () => {}).on('close', () => (this.#isClosed = true))
  }

  /** True when the connection has ended. To find out without reading, it writes an empty line, which servers ignore there. */
  get isClosed(): boolean {
    if (!this.#isClosed) this.#socket.write('\r\n')
    return this.#isClosed
  }

  /** Bytes that have arrived. */
  get received(): number {
    return this.#received
  }

  get answers(): number {
    return [...this.statuses.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Sends `count` requests with this first line. */
  send(requestLine: string, count: number): this {
    this.#socket.write(`${requestLine} HTTP/1.1\r\nhost: h\r\n\r\n`.repeat(count))
    return this
  }

  /** Begins to read the answers. Before that, none is read. */
  read(): this {
    this.#socket.on('data', (bytes: Buffer) => {
      this.#received += bytes.length
      const text = this.#tail + bytes.toString('latin1')
      for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
        this.statuses.set(Number(status), (this.statuses.get(Number(status)) ?? 0) + 1)
      }
      this.#tail = /HTTP\/1\.1 \d{0,3}$|H?T?T?P?\/?1?\.?1?$/.exec(text.slice(-12))?.[0] ?? ''
    })
    return this
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** A gRPC connection whose calls are never read. */
export class UnreadCalls {
  readonly #session: ClientHttp2Session
  readonly #streams = new Set<ClientHttp2Stream>()
  #isClosed = false
  #asked = 0

  constructor(address: string) {
    this.#session = connectHttp2(`http://${address}`)
    this.#session.on('error', () => {}).on('close', () => (this.#isClosed = true))
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Calls that were begun. */
  get asked(): number {
    return this.#asked
  }

  /** Calls `path`, such as "/Order/Read", with this message in protobuf's form. Nothing of the answer is read. */
  call(path: string, message: Buffer): void {
    this.#begin(path)?.end(framed(message))
  }

  /** Calls `path` with any number of messages, and keeps the request open. The answers are thrown away. */
  open(path: string, messages: readonly Buffer[]): void {
    const stream = this.#begin(path)?.resume()
    stream?.write(Buffer.concat(messages.map(framed)))
  }

  close(): void {
    this.#session.destroy()
  }

  #begin(path: string): ClientHttp2Stream | undefined {
    if (this.#isClosed || this.#session.destroyed) return undefined
    const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }
    const stream = this.#session.request(headers).on('error', () => {})
    this.#streams.add(stream)
    this.#asked += 1
    return stream
  }
}

/** A connection with frames. Only the test's messages are sent, and no ping is answered. What comes is thrown away. */
export class FrameCalls {
  readonly #socket: Socket

  /** Opens a stream for `method` and sends all of these messages at once. */
  constructor(address: string, method: string, messages: readonly Buffer[]) {
    const { host, port } = splitAddress(address)
    this.#socket = connect({ host, port })
      .on('error', () => {})
      .resume()
    this.#socket.write(Buffer.concat([OPENING, methodFrame(method), ...messages]))
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** Returns a message as gRPC sends it: not compressed, with its length before it. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** A `ReadRequest` for the first 2,000 entries. */
export const READ_2000 = Buffer.from([0x10, 0xd0, 0x0f])
