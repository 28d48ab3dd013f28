import { pino } from 'pino'

/** Structured log of one process: `log.info({ leader: 3 }, 'elected')`. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** What a full disk does not take is kept up to this, and written when there is room again; what is more is lost. */
const UNWRITTEN_CHARACTERS_MAX = 100_000

/**
 * A logger that writes a JSON line an event to standard output, with the process's name in each. It never throws: that a
 * line cannot be written is no reason to stop serving.
 */
export function jsonLogger(name: string, level: LogLevel): Logger {
  const output = pino.destination({ fd: 1, sync: true, maxLength: UNWRITTEN_CHARACTERS_MAX })
  output.on('error', () => {})
  return pino({ name, level, timestamp: pino.stdTimeFunctions.isoTime }, output)
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
