import protobuf from 'protobufjs'

/** Longest encoding of an integer that is read here, in bytes. Each byte holds seven bits. */
const FAST_BYTES_MAX = 8

/** The reader of protobufjs as it is used here. Its own types say that it reads 64-bit integers as objects. */
interface BaseReader {
  readonly buf: Buffer
  readonly len: number
  pos: number
  int64(): number | { toNumber(): number }
}
const Base = protobuf.BufferReader as unknown as new (bytes: Buffer) => BaseReader

/** Reads 64-bit integers as numbers. All of ours are below 2^53. A larger one from a foreign process is rounded. */
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
