import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Stock } from '../../src/domain/stock.ts'
import { parseLine, type Line } from './history-lines.ts'
import type { LogEntry, Operation } from './history.ts'

/** The record of one run that is to be checked. */
export interface Recording {
  readonly opening: readonly Stock[]
  readonly operations: readonly Operation[]
  readonly log: readonly LogEntry[]
}

/** Writes the lines of a recording, as {@link readRecording} takes them. An end that never came is written as null. */
export function* recordingLines({ opening, operations, log }: Recording): Generator<string> {
  yield JSON.stringify({ opening } satisfies Line)
  for (const operation of operations) yield JSON.stringify({ operation } satisfies Line)
  for (const entry of log) yield JSON.stringify({ entry } satisfies Line)
}

/**
 * Reads a recorded history. An end that is null or absent never came.
 * @throws Error when the file cannot be read, when a line of it is wrong (the error says which), or when it has no operations.
 */
export async function readRecording(file: string): Promise<Recording> {
  let opening: readonly Stock[] | undefined
  const operations: Operation[] = []
  const log: LogEntry[] = []
  let number = 0
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number += 1
    if (text === '') continue
    const where = `${file}, line ${number}`
    const line = parse(text, where)
    if ('opening' in line === (opening !== undefined)) throw new Error(`${where}: the opening catalogue comes first, and once`)
    if ('opening' in line) opening = line.opening
    else if ('operation' in line) operations.push({ ...line.operation, end: line.operation.end ?? Infinity })
    else log.push(line.entry)
  }
  if (!opening || operations.length === 0) throw new Error(`${file} has no operations: there is nothing to check`)
  return { opening, operations, log }
}

function parse(text: string, where: string): Line {
  try {
    return parseLine(text)
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}
