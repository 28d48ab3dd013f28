import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Stock } from '../../src/domain/stock.ts'
import type { LogEntry, Operation } from './history.ts'

/** What one run leaves to be checked. */
export interface Recording {
  readonly opening: readonly Stock[]
  readonly operations: readonly Operation[]
  readonly log: readonly LogEntry[]
}

type Line = { readonly opening: readonly Stock[] } | { readonly operation: Operation } | { readonly entry: LogEntry }

/** The lines of a recording, as {@link readRecording} takes them. An end that never came is written as null. */
export function* recordingLines({ opening, operations, log }: Recording): Generator<string> {
  yield JSON.stringify({ opening } satisfies Line)
  for (const operation of operations) yield JSON.stringify({ operation } satisfies Line)
  for (const entry of log) yield JSON.stringify({ entry } satisfies Line)
}

/**
 * Reads a recorded history.
 * @throws Error when the file cannot be read or a line is none of the three kinds; says which line.
 */
export async function readRecording(file: string): Promise<Recording> {
  let opening: readonly Stock[] | undefined
  const operations: Operation[] = []
  const log: LogEntry[] = []
  let number = 0
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number += 1
    if (text === '') continue
    const line = parse(text, `${file}, line ${number}`)
    if ('opening' in line) opening = line.opening
    else if ('operation' in line) operations.push({ ...line.operation, end: line.operation.end ?? Infinity })
    else log.push(line.entry)
  }
  if (!opening) throw new Error(`${file} does not begin with the opening catalogue`)
  return { opening, operations, log }
}

function parse(text: string, where: string): Line {
  let line: unknown
  try {
    line = JSON.parse(text)
  } catch {
    throw new Error(`${where} is not JSON`)
  }
  if (!isLine(line)) throw new Error(`${where} holds none of opening, operation and entry`)
  return line
}

const isLine = (line: unknown): line is Line =>
  typeof line === 'object' && line !== null && ('opening' in line || 'operation' in line || 'entry' in line)
