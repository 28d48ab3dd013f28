import { pino } from 'pino'

/** Structured log of one process: `log.info({ leader: 3 }, 'elected')`. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Log lines that a full disk does not take are kept up to this, and written when there is room. Further ones are lost. */
const UNWRITTEN_CHARACTERS_MAX = 100_000

/**
 * A logger that writes one JSON line for each event to standard output, with the process's name in it. It never throws: a
 * process continues to serve when a line cannot be written.
 */
export function jsonLogger(name: string, level: LogLevel): Logger {
  const output = pino.destination({ fd: 1, sync: true, maxLength: UNWRITTEN_CHARACTERS_MAX })
  output.on('error', () => {})
  return pino({ name, level, timestamp: pino.stdTimeFunctions.isoTime }, output)
}

/** A logger that writes nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
