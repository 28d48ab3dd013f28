import { closeSync, openSync, readSync } from 'node:fs'
import { Damage } from './damage.ts'

/** Page size of all files of ours, in bytes. */
export const PAGE_BYTES = 4096

const HEADER_BYTES = 100
const APPLICATION_ID_AT = 68

/** Fields of SQLite's header that never change in a file of ours, by offset. SQLite would live with other values. */
const CONSTANTS: readonly { readonly at: number; readonly what: string; readonly bytes: readonly number[] }[] = [
  { at: 16, what: 'page size', bytes: [PAGE_BYTES >> 8, PAGE_BYTES & 0xff] },
  { at: 18, what: 'write and read format', bytes: [2, 2] },
  { at: 20, what: 'reserved room', bytes: [0] },
  { at: 21, what: 'payload fractions', bytes: [64, 32, 32] },
  { at: 44, what: 'schema format', bytes: [0, 0, 0, 4] },
  { at: 48, what: 'cache size', bytes: [0, 0, 0, 0] },
  { at: 52, what: 'largest root page', bytes: [0, 0, 0, 0] },
  { at: 56, what: 'text encoding', bytes: [0, 0, 0, 1] },
  { at: 64, what: 'vacuum mode', bytes: [0, 0, 0, 0] },
  { at: 72, what: 'unused part', bytes: Array(20).fill(0) },
]

/**
 * Throws a {@link Damage} when the header of a file of that kind (`applicationId`) is not one that this program wrote.
 * Says nothing about files of other kinds.
 */
export function checkHeader(path: string, applicationId: number): void {
  const header = readHeader(path)
  if (header.readUInt32BE(APPLICATION_ID_AT) !== applicationId) return
  for (const { at, what, bytes } of CONSTANTS) {
    const found = header.subarray(at, at + bytes.length)
    const expected = Buffer.from(bytes)
    if (found.equals(expected)) continue
    const [has, should] = [found, expected].map((field) => field.toString('hex'))
    throw new Damage(`its header has the ${what} ${has} at byte ${at}, not ${should}`)
  }
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  const descriptor = openSync(path, 'r')
  try {
    readSync(descriptor, header, 0, HEADER_BYTES, 0)
  } finally {
    closeSync(descriptor)
  }
  return header
}
