const INITIAL_BYTES = 65_536
/** Largest buffer that is kept. Otherwise one rare large message would hold memory for ever. */
const KEPT_BYTES_MAX = 1_048_576
/** Longest encoding of an integer, in bytes. */
const VARINT_BYTES_MAX = 10
/** A string of so many UTF-16 units takes less than 128 bytes of UTF-8, so its length takes one byte. */
const SHORT_STRING_MAX = 42
const FLOAT_BYTES = 4
/** The length of a message, before it. */
export const HEAD_BYTES = 4

/**
 * A writer for protobufjs, with the methods that the field types of our contract need. It writes everything directly into
 * one buffer. The writer of protobufjs first makes a list of operations, and an object of each 64-bit integer.
 */
export class MessageWriter {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #end = HEAD_BYTES
  /** Where the nested messages that are being written begin. */
  readonly #starts: number[] = []

  /** Forgets what was written, and leaves room for the length of the next message. */
  begin(): void {
    this.#end = HEAD_BYTES
    this.#starts.length = 0
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  }

  /** Writes an integer 0..2^32-1. Tags and lengths are such integers. */
  uint32(value: number): this {
    this.#makeRoom(VARINT_BYTES_MAX)
    let rest = value
    while (rest > 127) {
      this.#bytes[this.#end++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.#end++] = rest
    return this
  }

  /** Writes an integer within ±(2^53-1). */
  int64(value: number): this {
    if (value < 0) return this.#negative(value)
    this.#makeRoom(VARINT_BYTES_MAX)
    let rest = value
    while (rest >= 2 ** 31) {
      this.#bytes[this.#end++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    return this.uint32(rest)
  }

  int32(value: number): this {
    return this.int64(value)
  }

  bool(value: boolean): this {
    return this.uint32(value ? 1 : 0)
  }

  float(value: number): this {
    this.#makeRoom(FLOAT_BYTES)
    this.#end = this.#bytes.writeFloatLE(value, this.#end)
    return this
  }

  string(value: string): this {
    if (value.length <= SHORT_STRING_MAX) {
      this.#makeRoom(128)
      const length = this.#bytes.write(value, this.#end + 1)
      this.#bytes[this.#end] = length
      this.#end += 1 + length
      return this
    }
    const length = Buffer.byteLength(value)
    this.uint32(length).#makeRoom(length)
    this.#end += this.#bytes.write(value, this.#end)
    return this
  }

  /** Begins a nested message. */
  fork(): this {
    this.#makeRoom(1)
    this.#end += 1
    this.#starts.push(this.#end)
    return this
  }

  /** Ends a nested message, and writes its length before it. */
  ldelim(): this {
    const start = this.#starts.pop() ?? 0
    const length = this.#end - start
    if (length > 127) {
      this.#makeRoom(VARINT_BYTES_MAX)
      this.#bytes.copyWithin(start - 1 + varintBytes(length), start, this.#end)
    }
    this.#end = start - 1
    this.uint32(length)
    this.#end += length
    return this
  }

  /** Returns a copy of all bytes that were written, with their length before them, in {@link HEAD_BYTES} bytes. */
  finish(): Buffer {
    this.#bytes.writeUInt32BE(this.#end - HEAD_BYTES)
    return Buffer.from(this.#bytes.subarray(0, this.#end))
  }

  /** Writes a negative integer as two's complement of 64 bits. protobuf writes 32-bit integers so as well. */
  #negative(value: number): this {
    this.#makeRoom(VARINT_BYTES_MAX)
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest > 127n; rest >>= 7n) this.#bytes[this.#end++] = Number(rest & 127n) | 128
    return this.uint32(Number(rest))
  }

  #makeRoom(bytes: number): void {
    const needed = this.#end + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, needed))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}

const varintBytes = (value: number): number => (value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : value < 2 ** 28 ? 4 : 5)
