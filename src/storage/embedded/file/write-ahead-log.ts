import { closeSync, fstatSync, readSync } from 'node:fs'
import { Damage } from './damage.ts'
import { StorageFailure } from '../../ledger.ts'
import type { FileForm } from './file-header.ts'
import { openIfThere } from './rollback-journal.ts'

/**
 * Tells a torn write from damage in a write-ahead log. SQLite takes the first broken frame for the end of what was synced,
 * whatever follows. That is right after a power loss. But when a byte has changed, SQLite silently drops synced transactions.
 * A transaction begins only after the one before it was synced. So a sound frame after a broken one, with the end of a
 * transaction in between, shows damage.
 *
 * Nothing follows the last transaction, so damage in it looks the same as a torn write. The format is described at
 * https://www.sqlite.org/fileformat.html#walformat
 */

const LOG_HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** The part of a frame's header that its checksum covers. The salts are compared instead. */
const FRAME_SUMMED_BYTES = 8
const HEADER_SUMMED_BYTES = 24
const LOG_PAGE_SIZE_AT = 8
const MAGIC_LITTLE_ENDIAN = 0x377f0682
const MAGIC_BIG_ENDIAN = 0x377f0683

/** Two running sums of 32 bits. */
interface Sums {
  readonly first: number
  readonly second: number
}

interface Frame {
  readonly salts: bigint
  readonly endsTransaction: boolean
  /** True when the frame's checksum continues that of the frame before it. */
  readonly linked: boolean
}

/**
 * Checks the write-ahead log of the file at `path`, which has that form. Throws a {@link Damage} when synced transactions
 * are lost. Throws a StorageFailure when the log belongs to another file, since SQLite would mix the two.
 */
export function checkWriteAheadLog(path: string, { pageBytes, usesWal }: FileForm): void {
  const wal = openIfThere(`${path}-wal`)
  if (wal === undefined) return
  try {
    const { size } = fstatSync(wal)
    if (size > 0 && !usesWal) throw strangeLog(path)
    checkFrames(wal, pageBytes, path)
  } finally {
    closeSync(wal)
  }
}

/**
 * Returns the error for a log of another file. A copy by SQLite's tools has no log, but an earlier file of that name may have
 * left one.
 */
const strangeLog = (path: string): StorageFailure =>
  new StorageFailure(
    `${path}-wal belongs to another file than ${path}, which is a copy without a write-ahead log: move ${path}-wal and ` +
      `${path}-shm away, if it is the copy that you want`,
  )

function checkFrames(wal: number, pageBytes: number, path: string): void {
  const header = Buffer.alloc(LOG_HEADER_BYTES)
  if (readSync(wal, header, 0, LOG_HEADER_BYTES, 0) < LOG_HEADER_BYTES) return
  const magic = header.readUInt32BE(0)
  const isLittleEndian = magic === MAGIC_LITTLE_ENDIAN
  const start = sumsAt(header, HEADER_SUMMED_BYTES)
  const isSound = areEqual(start, summed(header, 0, HEADER_SUMMED_BYTES, isLittleEndian))
  if (isSound && (isLittleEndian || magic === MAGIC_BIG_ENDIAN)) {
    if (header.readUInt32BE(LOG_PAGE_SIZE_AT) !== pageBytes) throw strangeLog(path)
    checkOrder(framesOf(wal, pageBytes, start, isLittleEndian), header.readBigUInt64BE(16))
  } else {
    for (const order of [true, false]) checkNothingFollows(framesOf(wal, pageBytes, start, order))
  }
}

/**
 * Throws a {@link Damage} when a transaction's end and a sound frame follow a broken frame. `salts` are those of the present
 * round of the log. Frames of earlier rounds lie after it.
 */
function checkOrder(frames: Iterable<Frame>, salts: bigint): void {
  let broken: number | undefined
  let endedBehindBroken = false
  let followsOwn = true
  let index = 0
  for (const { salts: found, linked, endsTransaction } of frames) {
    const isOwn = found === salts
    const isSound = isOwn && linked
    if (!isSound) broken ??= index
    if (isSound && endedBehindBroken) {
      throw new Damage(`frame ${broken} of its write-ahead log is broken, and synced ones follow`)
    }
    // A frame that is linked to one of this round is of this round as well. If its salts differ, they are damaged.
    const isOfThisRound = isOwn || (linked && followsOwn)
    if (broken !== undefined && endsTransaction && isOfThisRound) endedBehindBroken = true
    followsOwn = isOwn
    index += 1
  }
}

/** Throws a {@link Damage} when frames follow a broken header: the header is synced before the first frame is written. */
function checkNothingFollows(frames: Iterable<Frame>): void {
  let index = 0
  for (const { linked } of frames) {
    if (linked && index > 0) throw new Damage('the header of its write-ahead log is broken, and frames follow')
    index += 1
  }
}

function* framesOf(wal: number, pageBytes: number, start: Sums, isLittleEndian: boolean): Iterable<Frame> {
  const { size } = fstatSync(wal)
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + pageBytes)
  let before = start
  for (let at = LOG_HEADER_BYTES; at + frame.length <= size; at += frame.length) {
    readSync(wal, frame, 0, frame.length, at)
    const sums = sumsAt(frame, 16)
    const head = summed(frame, 0, FRAME_SUMMED_BYTES, isLittleEndian, before)
    const reached = summed(frame, FRAME_HEADER_BYTES, pageBytes, isLittleEndian, head)
    yield {
      salts: frame.readBigUInt64BE(8),
      endsTransaction: frame.readUInt32BE(4) !== 0,
      linked: areEqual(sums, reached),
    }
    before = sums
  }
}

/** Returns the sums over `length` bytes from `from` on. They continue the sums `before`. */
function summed(bytes: Buffer, from: number, length: number, isLittleEndian: boolean, before: Sums = { first: 0, second: 0 }): Sums {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let first = before.first | 0
  let second = before.second | 0
  for (let at = from; at < from + length; at += 8) {
    first = (first + view.getInt32(at, isLittleEndian) + second) | 0
    second = (second + view.getInt32(at + 4, isLittleEndian) + first) | 0
  }
  return { first: first >>> 0, second: second >>> 0 }
}

function sumsAt(bytes: Buffer, at: number): Sums {
  return { first: bytes.readUInt32BE(at), second: bytes.readUInt32BE(at + 4) }
}

function areEqual(a: Sums, b: Sums): boolean {
  return a.first === b.first && a.second === b.second
}
