import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { systemClock, within } from './clock.ts'
import { keepDescriptorsBack } from './connection-room.ts'
import { jsonLogger, type Logger, type LogLevel } from './logger.ts'
import { systemRandom } from './random.ts'
import type { ProcessRuntime, ProcessUsage } from './runtime.ts'
import type { Service } from './service.ts'

/** Exit code of a process that ended itself because it could not go on without harm. */
export const EXIT_HALTED = 70
/** Environment variable that is set for a process that must not outlive the one that started it. */
export const SUPERVISED_VARIABLE = 'BAZAAR_SUPERVISED'
/** The message by which a process tells the one that started it that it serves. */
export const SERVING = 'serving'

const CLOSE_GRACE_MS = 5_000
const ORPHAN_CHECK_MS = 500
/** Time that closing may take beyond its own grace. After that the process ends anyway. */
const CLOSE_OVERRUN_MS = 1_000

export type StopCause = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'supervisor gone'

/** True when the process has a terminal. Looked up at the start, because a closed terminal is no longer seen as one. */
const HAS_TERMINAL = [0, 1, 2].some(isatty)

/**
 * Calls `run` for every request to stop: a signal, or the end of the process that started this one. SIGHUP counts only in a
 * process that has a terminal, see {@link ignoreForeignHangUps}.
 */
export function onStopRequest(run: (cause: StopCause) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => run(signal))
  process.on('SIGHUP', () => HAS_TERMINAL && run('SIGHUP'))
  const gone = () => run('supervisor gone')
  // The supervisor may have vanished while this process was still loading its modules.
  if (process.connected) process.on('disconnect', gone)
  else if (process.env[SUPERVISED_VARIABLE]) gone()
  else if (process.env.npm_lifecycle_event) whenOrphaned(gone)
}

/**
 * Ignores SIGHUP, which says that the terminal is gone, in a process whose input and output are no terminal. `nohup` wants
 * that. It starts a process with the signal ignored, but Node resets all signals when it starts. So this function goes by
 * the terminal: under `nohup`, neither input nor output is one.
 */
export function ignoreForeignHangUps(): void {
  if (!HAS_TERMINAL) process.on('SIGHUP', () => {})
}

/** Makes the first process of a container end on the usual signals. Only signals that it handles end such a process. */
export function endOnSignalsAsFirstProcess(): void {
  if (process.pid !== 1) return
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) {
    process.on(signal, () => {
      const isHandledElsewhere = process.listenerCount(signal) > 1
      if (!isHandledElsewhere) process.exit(128 + constants.signals[signal])
    })
  }
}

/** Calls `run` when the parent process is gone. npm sends a SIGTERM to the shell in between, which does not pass it on. */
function whenOrphaned(run: () => void): void {
  const parent = process.ppid
  const look = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(look)
    run()
  }, ORPHAN_CHECK_MS)
  look.unref() // The timer does not keep a program from ending.
}

export interface ProcessOptions {
  readonly name: string
  readonly logLevel: LogLevel
}

/**
 * Runs a service process: builds its runtime, starts it, waits for a request to stop, closes it and exits.
 * Exit codes: 0 stopped as asked, 1 could not start or close, {@link EXIT_HALTED} ended itself.
 */
export async function runProcess(options: ProcessOptions, start: (runtime: ProcessRuntime) => Promise<Service>): Promise<never> {
  const log = jsonLogger(options.name, options.logLevel)
  const halt = (reason: unknown): never => {
    try {
      log.error({ err: reason }, `halted: ${wordsOf(reason)}`)
    } finally {
      process.exit(EXIT_HALTED)
    }
  }
  process.on('uncaughtException', halt)
  process.on('unhandledRejection', halt)
  keepDescriptorsBack(systemClock, log)
  const stopped = new Promise<StopCause>((resolve) => onStopRequest(resolve))
  const runtime: ProcessRuntime = {
    clock: systemClock,
    random: systemRandom,
    log,
    usage: processUsage,
    halt,
  }

  const starting = start(runtime)
  starting.then(tellThatItServes, (error: unknown) => {
    log.error({ err: error }, `could not start: ${wordsOf(error)}`)
    process.exit(1)
  })
  const cause = await stopped
  log.info({ cause }, 'stopping')
  // A service that has not started yet may end at once: it has promised nothing, and its store survives any end.
  const service = await within(systemClock, 0, starting, undefined)
  return process.exit(service ? await close(service, log) : 0)
}

/** Tells the process that started this one, if it listens. When that process is gone, its end is noticed elsewhere. */
function tellThatItServes(): void {
  if (process.connected) process.send?.(SERVING, () => {})
}

async function close(service: Service, log: Logger): Promise<number> {
  try {
    const outcome = await within(
      systemClock,
      CLOSE_GRACE_MS + CLOSE_OVERRUN_MS,
      service.close(CLOSE_GRACE_MS).then(() => 'closed' as const),
      'late' as const,
    )
    if (outcome === 'late') log.warn({ graceMs: CLOSE_GRACE_MS }, 'closing took too long; ending anyway')
    else log.info({}, 'stopped')
    return 0
  } catch (error) {
    log.error({ err: error }, `could not close: ${wordsOf(error)}`)
    return 1
  }
}

function processUsage(): ProcessUsage {
  const cpu = process.cpuUsage()
  return {
    pid: process.pid,
    uptimeMs: Math.round(process.uptime() * 1000),
    memoryBytes: process.memoryUsage.rss(),
    cpuMicroseconds: cpu.user + cpu.system,
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
