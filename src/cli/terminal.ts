import { styleText } from 'node:util'
import { systemClock } from '../runtime/clock.ts'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (style: Style, text: string) => string

/** Colours for one output stream: none unless it is a terminal and NO_COLOR is unset. */
export function painterFor(stream: NodeJS.WriteStream): Paint {
  const colours = stream.isTTY && !process.env.NO_COLOR
  return colours ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}

/** Writes a line to standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Writes a line to standard error, which stays free of results. */
export function printAside(line: string): void {
  process.stderr.write(`${line}\n`)
}

export const printJson = (value: unknown): void => print(JSON.stringify(value))

/** A reader that went away (`bazaar logs | head`) is no error. */
export function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    // What the command has to say by its exit code is known a moment after it has printed.
    systemClock.nextTurn(() => process.exit(process.exitCode ?? 0))
  })
}

/** For what must not end because its terminal was closed. */
export function ignoreVanishedReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}
