import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandFailure } from '../../src/cli/failure.ts'
import type { LatencyMicroseconds } from '../load/open-loop.ts'
import type { Workload } from '../load/requests.ts'
import { Child } from './child.ts'
import { inMs, type LoadResult } from './measure.ts'
import { endedChildrenCpuMicroseconds } from './processes.ts'

const SCRIPT = fileURLToPath(new URL('../load/replay.lua', import.meta.url))
/** One thread is enough for any system on Node, and leaves the cores to the measured system. */
const THREADS = 1

/** The report that the script writes at the end. Times are in microseconds. */
interface Report extends LatencyMicroseconds {
  readonly requests: number
  readonly microseconds: number
  /** Answers with a status above 399. */
  readonly refused: number
  /** Failed connects, reads and writes. */
  readonly connections: number
  readonly timeouts: number
}

/** Returns the version of wrk. @throws CommandFailure when it is missing. */
export function wrkVersion(): string {
  const { error, stdout, stderr } = spawnSync('wrk', ['--version'], { encoding: 'utf8' })
  if (error) {
    throw new CommandFailure(
      'wrk, which makes the load, is not installed. Debian, Ubuntu: sudo apt-get install wrk. macOS: brew install wrk.',
    )
  }
  return /wrk (\S+)/.exec(stdout + stderr)?.[1] ?? 'unknown'
}

/** Writes a cycle to a file for the script. Returns the path. */
export function writeCycle(folder: string, { name, cycle }: Workload): string {
  const path = join(folder, `${name}.tsv`)
  writeFileSync(path, cycle.map(({ method, path, body }) => `${method}\t${path}\t${body}\n`).join(''))
  return path
}

export interface WrkOptions {
  /** "host:port" */
  readonly address: string
  readonly connections: number
  readonly seconds: number
  readonly signal: AbortSignal
}

/** Runs a closed loop: every connection sends its next request when the last one is answered. Rejects when it is aborted. */
export async function runWrk(cyclePath: string, options: WrkOptions): Promise<LoadResult> {
  const { address, connections, seconds, signal } = options
  signal.throwIfAborted() // A signal that was aborted before does not fire again.
  const args = [
    ...['--threads', `${THREADS}`, '--connections', `${connections}`, '--duration', `${seconds}s`, '--timeout', '10s'],
    ...['--script', SCRIPT, `http://${address}`, '--', cyclePath],
  ]
  const cpuBefore = endedChildrenCpuMicroseconds()
  const wrk = new Child('wrk', args)
  const stop = () => void wrk.stop()
  signal.addEventListener('abort', stop)
  await wrk.ended()
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  return resultOf(wrk, difference(endedChildrenCpuMicroseconds(), cpuBefore))
}

function resultOf(wrk: Child, cpuMicroseconds: number | undefined): LoadResult {
  const line = wrk.output.split('\n').find((text) => text.startsWith('{'))
  if (wrk.exitCode !== 0 || line === undefined) throw new Error(`wrk failed: ${wrk.output}`)
  const report = JSON.parse(line) as Report
  const { requests, microseconds, refused, connections, timeouts } = report
  return {
    answered: requests,
    errors: refused + connections + timeouts,
    seconds: microseconds / 1e6,
    perSecond: (requests - refused) / (microseconds / 1e6),
    latencyMs: inMs(report),
    cpuMicroseconds,
  }
}

const difference = (after: number | undefined, before: number | undefined): number | undefined =>
  after === undefined || before === undefined ? undefined : after - before
