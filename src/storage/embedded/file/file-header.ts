import { closeSync, openSync, readSync } from 'node:fs'
import { Damage } from './damage.ts'

/** Page size of the files that this program makes, in bytes. */
export const PAGE_BYTES = 4096

const HEADER_BYTES = 100
const APPLICATION_ID_AT = 68
const PAGE_SIZE_AT = 16
/** The field's value for pages of 65,536 bytes. That number itself does not fit into the field. */
const LARGEST_PAGE = 1
const WITHOUT_WAL = '0101'

/** The form of a file, as its header tells it. */
export interface FileForm {
  readonly pageBytes: number
  /** True when the file is written with a write-ahead log. */
  readonly usesWal: boolean
  /**
   * Says how the form differs from the one that this program gives a file; undefined when it does not. SQLite's tools
   * (`VACUUM INTO`, a restored dump) make other forms that serve as well. A flipped bit makes another form, too. So an
   * unusual form is believed only when the pages prove it.
   */
  readonly unusual: string | undefined
}

interface Field {
  readonly at: number
  readonly what: string
  /** Value that this program writes there, as hexadecimal digits. */
  readonly usual: string
  /** Says whether a tool of SQLite may have written this value instead. */
  readonly mayBe?: (value: number) => boolean
}

const isPageSize = (value: number): boolean => value === LARGEST_PAGE || (value >= 512 && (value & (value - 1)) === 0)

/** Fields that do not change while a file is used, by offset. SQLite itself accepts other values of most of them. */
const FIELDS: readonly Field[] = [
  { at: PAGE_SIZE_AT, what: 'page size', usual: '1000', mayBe: isPageSize },
  { at: 20, what: 'reserved room', usual: '00', mayBe: () => true },
  { at: 21, what: 'payload fractions', usual: '402020' },
  { at: 44, what: 'schema format', usual: '00000004', mayBe: (value) => value >= 1 && value <= 4 },
  { at: 52, what: 'largest root page', usual: '00000000', mayBe: () => true },
  { at: 56, what: 'text encoding', usual: '00000001', mayBe: (value) => value === 2 || value === 3 },
  { at: 64, what: 'vacuum mode', usual: '00000000', mayBe: (value) => value === 1 },
  { at: 72, what: 'unused part', usual: '00'.repeat(20) },
]

/**
 * Reads the form of the file at `path`. Throws a {@link Damage} when the file is of that kind (`applicationId`) and neither
 * this program nor a tool of SQLite writes such a header.
 */
export function checkHeader(path: string, applicationId: number): FileForm {
  const header = readHeader(path)
  const pageSize = header.readUInt16BE(PAGE_SIZE_AT)
  const pageBytes = pageSize === LARGEST_PAGE ? 65_536 : isPageSize(pageSize) ? pageSize : PAGE_BYTES
  const isOurs = header.readUInt32BE(APPLICATION_ID_AT) === applicationId
  const unusual = isOurs ? FIELDS.map((field) => unusualValue(header, field)).filter((words) => words !== undefined) : []
  return { pageBytes, usesWal: usesWal(header, isOurs), unusual: unusual.length > 0 ? unusual.join(', ') : undefined }
}

function unusualValue(header: Buffer, { at, what, usual, mayBe }: Field): string | undefined {
  const found = header.subarray(at, at + usual.length / 2).toString('hex')
  if (found === usual) return undefined
  const words = `the ${what} ${found} at byte ${at}, not ${usual}`
  if (mayBe?.(Number.parseInt(found, 16))) return words
  throw new Damage(`its header has ${words}`)
}

/**
 * Says whether the file has a write-ahead log, by the two bytes for the journal's kind. SQLite writes both alike. Throws a
 * {@link Damage} when they differ in a file of ours.
 */
function usesWal(header: Buffer, isOurs: boolean): boolean {
  const found = header.subarray(18, 20).toString('hex')
  if (isOurs && found !== '0202' && found !== WITHOUT_WAL) {
    throw new Damage(`its header has the write and read format ${found} at byte 18, not 0202`)
  }
  return found !== WITHOUT_WAL
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
