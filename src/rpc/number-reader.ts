import protobuf from 'protobufjs'

/** Up to so many bytes an integer is read here: seven times eight bits. */
const FAST_BYTES_MAX = 8

/** What the reader of protobufjs is here; its types promise objects for 64-bit integers. */
interface BaseReader {
  readonly buf: Buffer
  readonly len: number
  pos: number
  int64(): number | { toNumber(): number }
}
const Base = protobuf.BufferReader as unknown as new (bytes: Buffer) => BaseReader

/** Reads 64-bit integers as numbers: every one of ours stays below 2^53, and a stranger's larger one is rounded. */
export class NumberReader extends Base {
  override int64(): number {
    const end = Math.min(this.len, this.pos + FAST_BYTES_MAX)
    let value = 0
    let scale = 1
    for (let at = this.pos; at < end; at += 1) {
      const byte = this.buf[at]!
      value += (byte & 127) * scale
      if (byte < 128) {
        this.pos = at + 1
        return value
      }
      scale *= 128
    }
    const wide = super.int64()
    return typeof wide === 'number' ? wide : wide.toNumber()
  }
}
