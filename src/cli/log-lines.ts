import { parseJson } from '../domain/text.ts'
/** One line of a process's log. */
export interface LogLine {
  readonly timeMs: number
  readonly name: string
  readonly level: string
  readonly message: string
  /** The other members of the line, without those that are the same in every line. */
  readonly fields: Readonly<Record<string, unknown>>
}

const LEVELS: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
}
/** JavaScript has no date beyond this one. */
const LAST_MOMENT_MS = 8.64e15
const SAME_IN_EVERY_LINE: ReadonlySet<string> = new Set(['time', 'name', 'level', 'msg', 'pid', 'hostname'])

/**
 * Reads the lines of one log file. A line that is not JSON (a stack trace of the runtime, say) belongs to the moment of
 * the line before it.
 */
export function readLogLines(text: string, name: string, startMs = 0): LogLine[] {
  let timeMs = startMs
  const lines: LogLine[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const read = readJsonLine(line, name, timeMs) ?? { timeMs, name, level: '', message: line, fields: {} }
    timeMs = read.timeMs
    lines.push(read)
  }
  return lines
}

function readJsonLine(line: string, fallbackName: string, fallbackMs: number): LogLine | undefined {
  const value = parseJson(line)
  if (typeof value !== 'object' || value === null) return undefined
  const parsed: Record<string, unknown> = { ...value }
  const { time, name, level, msg } = parsed
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number(time)
  return {
    timeMs: Math.abs(timeMs) <= LAST_MOMENT_MS ? timeMs : fallbackMs,
    name: typeof name === 'string' ? name : fallbackName,
    level: LEVELS[Number(level)] ?? '',
    message: typeof msg === 'string' ? msg : '',
    fields: Object.fromEntries(Object.entries(parsed).filter(([key]) => !SAME_IN_EVERY_LINE.has(key))),
  }
}

/** Returns all lines in order of time. Lines of one moment stay in the order of their files. */
export function mergeByTime(files: readonly (readonly LogLine[])[]): LogLine[] {
  return files.flat().sort((a, b) => a.timeMs - b.timeMs)
}

/** Formats a line: `10:52:29.123 order-3    INFO  elected leader=3`. Stack traces get lines of their own. */
export function formatLogLine(line: LogLine): string {
  const { err, ...rest } = line.fields
  const time = new Date(line.timeMs).toISOString().slice(11, 23)
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${fieldText(value)}`)
  const head = [time, line.name.padEnd(10), line.level.padEnd(5), line.message, ...fields].join(' ').trimEnd()
  return [head, ...stackLines(err)].join('\n')
}

const fieldText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function stackLines(err: unknown): string[] {
  if (typeof err !== 'object' || err === null || !('stack' in err)) return err === undefined ? [] : [`    ${fieldText(err)}`]
  return String(err.stack)
    .split('\n')
    .map((line) => `    ${line.trim()}`)
}

/**
 * Returns the last words of a process: its last logged error, else the last error that the runtime printed, else its last
 * line.
 */
export function lastWords(lines: readonly LogLine[]): string {
  const error = lines.findLast((line) => line.level === 'ERROR' || line.level === 'FATAL')
  if (error) return error.message
  const raw = lines.findLast((line) => line.level === '' && /^\w*Error\b/.test(line.message))
  return (raw ?? lines.at(-1))?.message ?? ''
}
