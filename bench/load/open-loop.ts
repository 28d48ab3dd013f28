import { readFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { createHistogram } from 'node:perf_hooks'

/**
 * A load at a fixed rate, in a process of its own, started by bench/run/open-loop.ts with its options as JSON.
 *
 * P1. Request i is due i / rate seconds after the start, whatever happened to the ones before it, and its latency
 *     counts from then. A server that stands still for a second is charged for everything that should have been sent
 *     meanwhile; so is this program when it is late itself, by a timer's millisecond or for lack of CPU.
 */
export interface OpenLoopOptions {
  /** "host:port" */
  readonly address: string
  /** A file of requests, one a line: method, path and body with tabs between them. */
  readonly cyclePath: string
  readonly perSecond: number
  readonly seconds: number
  /** Requests beyond this many wait here, and their time counts. */
  readonly connectionsMax: number
}

/** What it writes at the end, one line; latencies in microseconds. */
export interface OpenLoopReport {
  readonly answered: number
  readonly errors: number
  /** From the start to the last answer. */
  readonly seconds: number
  readonly latency: Readonly<Record<'p50' | 'p90' | 'p95' | 'p99' | 'p999' | 'max', number>>
  readonly cpuMicroseconds: number
}

const TICK_MS = 1
/** How long the last requests may take after the last one was due. */
const DRAIN_MS = 10_000

const { address, cyclePath, perSecond, seconds, connectionsMax } = JSON.parse(process.argv[2] ?? '') as OpenLoopOptions
const [host = '', port = ''] = address.split(':')
const agent = new Agent({ keepAlive: true, maxSockets: connectionsMax, scheduling: 'fifo' })
const cycle = readFileSync(cyclePath, 'utf8').trimEnd().split('\n').map((line) => line.split('\t'))
const total = Math.floor(perSecond * seconds)
const histogram = createHistogram()
let sent = 0
let answered = 0
let errors = 0
let startMs = 0
let lastMs = 0

function send(dueMs: number): void {
  const [method = '', path = '', body = ''] = cycle[sent % cycle.length] ?? []
  const headers = body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  sent += 1
  const request = httpRequest({ host, port, agent, method, path, headers }, (response) => {
    response.resume()
    response.once('end', () => settle(dueMs, response.statusCode !== undefined && response.statusCode < 400))
  })
  request.once('error', () => settle(dueMs, false))
  request.end(body)
}

function settle(dueMs: number, asWanted: boolean): void {
  lastMs = performance.now()
  histogram.record(Math.max(1, Math.round((lastMs - dueMs) * 1_000))) // P1
  answered += 1
  if (!asWanted) errors += 1
}

function sendWhatIsDue(): void {
  const nowMs = performance.now()
  for (let dueMs = dueAt(sent); sent < total && dueMs <= nowMs; dueMs = dueAt(sent)) send(dueMs)
}

const dueAt = (index: number): number => startMs + (1_000 * index) / perSecond

function report(cpuMicroseconds: number): OpenLoopReport {
  const percentile = (percent: number) => histogram.percentile(percent)
  return {
    answered,
    errors: errors + total - answered,
    seconds: (lastMs - startMs) / 1_000,
    latency: {
      p50: percentile(50),
      p90: percentile(90),
      p95: percentile(95),
      p99: percentile(99),
      p999: percentile(99.9),
      max: answered === 0 ? 0 : histogram.max,
    },
    cpuMicroseconds,
  }
}

function start(): void {
  const cpuAtStart = process.cpuUsage()
  startMs = performance.now()
  const ticks = setInterval(() => {
    sendWhatIsDue()
    if (answered < total && performance.now() < dueAt(total) + DRAIN_MS) return
    clearInterval(ticks)
    const { user, system } = process.cpuUsage(cpuAtStart)
    process.stdout.write(`${JSON.stringify(report(user + system))}\n`, () => process.exit(0))
  }, TICK_MS)
}

process.once('disconnect', () => process.exit(0))
start()
