import { readFileSync } from 'node:fs'
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { ConnectionPool } from './connection-pool.ts'

/**
 * Sends a load at a fixed rate, in a process of its own. bench/run/open-loop.ts starts it, with its options as JSON.
 *
 * Request i is due i / rate seconds after the start, whatever happened to the requests before it. Its latency counts from that
 * moment. So the stop of a server for a second counts for every request that should have been sent meanwhile. The same holds
 * when this program itself is late, by a timer's millisecond or for lack of CPU.
 */
export interface OpenLoopOptions {
  /** "host:port" */
  readonly address: string
  /** A file with a request in each line: method, path and body, with tabs between them. */
  readonly cyclePath: string
  readonly perSecond: number
  readonly seconds: number
  /** Connections at most. Further requests wait in this program, and their time counts. */
  readonly connectionsMax: number
  /** Connections that are open before the start. */
  readonly connectionsReady: number
}

/** Latencies in microseconds. */
export type LatencyMicroseconds = Readonly<Record<'p50' | 'p90' | 'p95' | 'p99' | 'p999' | 'max', number>>

/** The report that this program writes at the end, in one line. */
export interface OpenLoopReport {
  /** Answers of any kind. */
  readonly answered: number
  /** Answers with a status below 400. The next field counts those of them that came before the last request was due. */
  readonly good: number
  readonly goodInTime: number
  /** Answers with status 503: the server says that it has too much to do. */
  readonly shed: number
  /** Other answers, failed connections, and requests that were still without an answer at the end. */
  readonly failed: number
  /** Time from the start to the last answer. */
  readonly seconds: number
  /** Latencies of all answers, of the good ones, and of the 503s. */
  readonly latency: LatencyMicroseconds
  readonly goodLatency: LatencyMicroseconds
  readonly shedLatency: LatencyMicroseconds
  readonly cpuMicroseconds: number
  /** Share of one core that this program used before the last request was due, 0..1. */
  readonly cpuShare: number
  /** Requests per second that were sent before the last one was due. Below the wanted rate, this program is the limit. */
  readonly sentPerSecond: number
  /** Requests that had to wait, since all connections were busy. */
  readonly waited: number
  /** Connections that should have been open before the start, and were not. */
  readonly unopened: number
}

const TICK_MS = 1
/** How long the last requests may take after the last one was due. */
const DRAIN_MS = 10_000
const SHED = 503

const options = JSON.parse(process.argv[2] ?? '') as OpenLoopOptions
const { address, cyclePath, perSecond, seconds } = options
const cycle = readFileSync(cyclePath, 'utf8').trimEnd().split('\n').map(requestText)
const pool = new ConnectionPool(address, options.connectionsMax)
const total = Math.floor(perSecond * seconds)
const latencies = { all: createHistogram(), good: createHistogram(), shed: createHistogram() }
let sent = 0
let sentInTime = 0
let settled = 0
let failed = 0
let goodInTime = 0
let startMs = 0
let lastMs = 0
let cpuInTime = 0
let unopened = 0

/** Latin-1 keeps bytes of UTF-8 as they are. */
function requestText(line: string): string {
  const [method = '', path = '', body = ''] = line.split('\t')
  const length = Buffer.byteLength(body)
  const content = body === '' ? '' : `content-type: application/json\r\ncontent-length: ${length}\r\n`
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: ${address}\r\n${content}\r\n${body}`).toString('latin1')
}

function send(dueMs: number): void {
  const request = cycle[sent % cycle.length] ?? ''
  sent += 1
  pool.send({ request, settle: (status) => settle(dueMs, status) })
}

function settle(dueMs: number, status: number | undefined): void {
  settled += 1
  lastMs = performance.now()
  const microseconds = Math.max(1, Math.round((lastMs - dueMs) * 1_000))
  if (status !== undefined) latencies.all.record(microseconds)
  if (status === SHED) latencies.shed.record(microseconds)
  else if (status === undefined || status >= 400) failed += 1
  else {
    latencies.good.record(microseconds)
    if (lastMs <= dueAt(total)) goodInTime += 1
  }
}

function sendWhatIsDue(): void {
  const nowMs = performance.now()
  for (let dueMs = dueAt(sent); sent < total && dueMs <= nowMs; dueMs = dueAt(sent)) {
    send(dueMs)
    // A late tick sends all requests that were due meanwhile. Some of them may then be sent after the end.
    if (performance.now() <= dueAt(total)) sentInTime = sent
  }
}

const dueAt = (index: number): number => startMs + (1_000 * index) / perSecond

function report(cpuMicroseconds: number): OpenLoopReport {
  return {
    answered: latencies.all.count,
    good: latencies.good.count,
    goodInTime,
    shed: latencies.shed.count,
    failed: failed + total - settled,
    seconds: (lastMs - startMs) / 1_000,
    latency: percentilesOf(latencies.all),
    goodLatency: percentilesOf(latencies.good),
    shedLatency: percentilesOf(latencies.shed),
    cpuMicroseconds,
    cpuShare: cpuInTime / seconds / 1e6,
    sentPerSecond: sentInTime / seconds,
    waited: pool.waited,
    unopened,
  }
}

function percentilesOf(histogram: RecordableHistogram): LatencyMicroseconds {
  const at = (percent: number) => histogram.percentile(percent)
  const max = histogram.count === 0 ? 0 : histogram.max
  return { p50: at(50), p90: at(90), p95: at(95), p99: at(99), p999: at(99.9), max }
}

function start(): void {
  const cpuAtStart = process.cpuUsage()
  startMs = performance.now()
  const ticks = setInterval(() => {
    sendWhatIsDue()
    const { user, system } = process.cpuUsage(cpuAtStart)
    if (performance.now() <= dueAt(total)) cpuInTime = user + system
    if (settled < total && performance.now() < dueAt(total) + DRAIN_MS) return
    clearInterval(ticks)
    process.stdout.write(`${JSON.stringify(report(user + system))}\n`, () => process.exit(0))
  }, TICK_MS)
}

process.once('disconnect', () => process.exit(0))
unopened = options.connectionsReady - (await pool.open(options.connectionsReady))
start()
