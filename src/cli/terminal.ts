import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (style: Style, text: string) => string

/** Returns the colours for one output stream: none unless it is a terminal and NO_COLOR is unset. */
export function painterFor(stream: NodeJS.WriteStream): Paint {
  const colours = stream.isTTY && !process.env.NO_COLOR
  return colours ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}

/** Writes a line that the command shows to standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/**
 * Writes a line that tells the result of what the command did. When standard output does not take the line, standard error
 * gets it: a user must not repeat a command for want of an answer.
 */
export function printResult(line: string): void {
  process.stdout.write(`${line}\n`, (error) => {
    if (error) printAside(line)
  })
}

/** Writes a line to standard error, which stays free of results. */
export function printAside(line: string): void {
  process.stderr.write(`${line}\n`)
}

export const printJson = (value: unknown): void => print(JSON.stringify(value))

/**
 * Keeps the process going when its output cannot be written: the disk is full, the reader went away (`bazaar logs | head`),
 * or the terminal was closed. The first failure of standard output goes to `onLoss`. It also goes to standard error, unless
 * only the reader went away. Everything that is written later is lost.
 */
export function watchOutput(onLoss: (error: NodeJS.ErrnoException) => void): void {
  let lost = false
  process.stderr.on('error', () => {}) // Nobody is left to be told.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (lost) return
    lost = true
    if (error.code !== 'EPIPE') printAside(`bazaar: standard output cannot be written: ${error.message}`)
    onLoss(error)
  })
}
