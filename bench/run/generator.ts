import { fileURLToPath } from 'node:url'
import type { OpenLoopOptions, OpenLoopReport } from '../load/open-loop.ts'
import { Child } from './child.ts'
import type { SentLoad } from './results.ts'

const SCRIPT = fileURLToPath(new URL('../load/open-loop.ts', import.meta.url))
const START_AND_DRAIN_MS = 30_000

/** Sends requests at a fixed rate, from a process of its own. */
export async function runOpenLoop(options: OpenLoopOptions, signal: AbortSignal): Promise<OpenLoopReport> {
  const generator = new Child(process.execPath, [SCRIPT, JSON.stringify(options)], { channel: true })
  const stop = () => void generator.stop()
  signal.addEventListener('abort', stop)
  try {
    const deadlineMs = 1_000 * options.seconds + START_AND_DRAIN_MS
    return (await generator.announcement(deadlineMs)) as OpenLoopReport
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
    await generator.stop()
  }
}

/** Returns the figures of the generator itself, as the results keep them. */
export function sentLoad(askedPerSecond: number, report: OpenLoopReport): SentLoad {
  const { sentPerSecond, waited, unopened, cpuShare } = report
  return { askedPerSecond, sentPerSecond, waited, unopened, loadShare: cpuShare }
}
