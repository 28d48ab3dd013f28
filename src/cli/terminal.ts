import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (style: Style, text: string) => string

/** Colours for one output stream: none unless it is a terminal and NO_COLOR is unset. */
export function painterFor(stream: NodeJS.WriteStream): Paint {
  const colours = stream.isTTY && !process.env.NO_COLOR
  return colours ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}

/** Writes a line to standard output: something that the command shows. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/**
 * Writes a line that tells what came of something the command did. Where standard output does not take it, standard error
 * gets it: a user must not do it twice for want of an answer.
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
 * From now on nothing ends because its output cannot be written: a full disk, a reader that went away (`bazaar logs |
 * head`), a terminal that was closed. The first failure of standard output goes to `onLoss`, and, unless there is just no
 * reader any more, to standard error. Everything written later is lost.
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
