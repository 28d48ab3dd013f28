import { closeSync, fstatSync, readSync } from 'node:fs'
import { Damage } from './damage.ts'
import { StorageFailure } from '../../ledger.ts'
import type { FileForm } from './file-header.ts'
import { openIfThere } from './rollback-journal.ts'

/**
 * SQLite takes the first broken frame of a write-ahead log for the end of what was synced, whatever follows. That is
 * right for a write that a power loss tore; it silently drops synced transactions when a byte fell over. Here the two
 * are told apart: a transaction begins only after the one before it was synced. So a sound frame behind a broken one,
 * with the end of a transaction in between, shows damage.
 *
 * What was written last has nothing behind it: its damage cannot be told from a torn write. See
 * https://www.sqlite.org/fileformat.html#walformat for the format.
 */

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** The part of a frame's header that its checksum covers; the salts are compared. */
const FRAME_SUMMED_BYTES = 8
const HEADER_SUMMED_BYTES = 24
const PAGE_SIZE_AT = 8
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
  /** Goes on where the frame before it ended. */
  readonly linked: boolean
}

/**
 * Throws a {@link Damage} when the write-ahead log of the file at `path`, which has that form, lost what had been
 * synced; a StorageFailure when it is none of this file's: SQLite would mix the two.
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

/** A copy that SQLite's tools make has no write-ahead log, and one of another file of that name may have been left. */
const strangeLog = (path: string): StorageFailure =>
  new StorageFailure(
    `${path}-wal belongs to another file than ${path}, which is a copy without a write-ahead log: move ${path}-wal and ` +
      `${path}-shm away, if it is the copy that you want`,
  )

function checkFrames(wal: number, pageBytes: number, path: string): void {
  const header = Buffer.alloc(HEADER_BYTES)
  if (readSync(wal, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return
  const magic = header.readUInt32BE(0)
  const isLittleEndian = magic === MAGIC_LITTLE_ENDIAN
  const start = sumsAt(header, HEADER_SUMMED_BYTES)
  const isSound = areEqual(start, summed(header, 0, HEADER_SUMMED_BYTES, isLittleEndian))
  if (isSound && (isLittleEndian || magic === MAGIC_BIG_ENDIAN)) {
    if (header.readUInt32BE(PAGE_SIZE_AT) !== pageBytes) throw strangeLog(path)
    checkOrder(framesOf(wal, pageBytes, start, isLittleEndian), header.readBigUInt64BE(16))
  } else {
    for (const order of [true, false]) checkNothingFollows(framesOf(wal, pageBytes, start, order))
  }
}

/** `salts`: those of the present round. Frames of earlier rounds stay behind it. */
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
    // One with other salts that is linked to a frame of this round is of this round: its salts are what is broken.
    const isOfThisRound = isOwn || (linked && followsOwn)
    if (broken !== undefined && endsTransaction && isOfThisRound) endedBehindBroken = true
    followsOwn = isOwn
    index += 1
  }
}

/** A log begins with its header alone, which is synced before the first frame. */
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
  for (let at = HEADER_BYTES; at + frame.length <= size; at += frame.length) {
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

/** The sums over `length` bytes from `from` on, going on from `before`. */
function summed(
  bytes: Buffer,
  from: number,
  length: number,
  isLittleEndian: boolean,
  before: Sums = { first: 0, second: 0 },
): Sums {
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
