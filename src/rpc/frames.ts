import type { Duplex } from 'node:stream'
import { LIMITS } from '../domain/limits.ts'
import { endLingering } from '../runtime/lingering.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { toRpcError, toStatus } from './errors.ts'
import { HEAD_BYTES } from './message-writer.ts'

/**
 * The first bytes of a connection that is to carry frames: the preface of HTTP/2 and its first SETTINGS, with one setting
 * that no other program knows. Its value is the version of the frames. HTTP/2 demands that unknown settings are ignored. So
 * a program that speaks gRPC alone answers with SETTINGS of its own. One that takes frames answers {@link OPENED}.
 */
export const OPENING = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 6, 4, 0, 0, 0, 0, 0]),
  Buffer.from([0xfb, 0xa2, 0, 0, 0, 1]),
])

/** A message begins with its length in four bytes. Control frames have one of these in the first, and their length in the others. */
const KIND = { opened: 0x80, ping: 0x81, pong: 0x82, end: 0x83 } as const
const CONTROL_BYTES_MAX = LIMITS.wordsBytesMax
const NOTHING = Buffer.alloc(0)

/** A frame with few bytes; `kind` 0 is a message. */
function smallFrame(kind: number, payload: Buffer = NOTHING): Buffer {
  const head = Buffer.from([kind, 0, 0, 0])
  head.writeUIntBE(payload.length, 1, 3)
  return Buffer.concat([head, payload])
}

/** The first message of the end that opens: it names the method that the stream is for. */
export const methodFrame = (method: string): Buffer => smallFrame(0, Buffer.from(method))

/** The answer to {@link OPENING}. */
export const OPENED = smallFrame(KIND.opened)
const PING = smallFrame(KIND.ping)
const PONG = smallFrame(KIND.pong)

/** Says whether the first bytes of an answer to {@link OPENING} are frames. HTTP/2 begins with the length of its SETTINGS, which is small. */
export const isFramed = (answer: Buffer): boolean => answer[0]! >= KIND.opened

/** The owner of a stream of frames, who is told these things. Nothing is told once the owner has ended or destroyed it. */
export interface FrameOwner {
  /** The bytes of one message. */
  message(bytes: Buffer): void
  /** Something came that is no frame. Nothing more is read. */
  broken(error: RpcError): void
  /** The other end has left something unread, of what was sent up to now. */
  unread?(): void
  /** The other end has ended the stream, or is gone. Undefined: it has ended the stream without an error. */
  closed(error: RpcError | undefined): void
}

/** One end of a connection that carries one stream of messages as frames. */
export class FrameStream {
  readonly #socket: Duplex
  readonly #owner: FrameOwner
  /** A message may have so many bytes. A larger one breaks the stream as soon as its length is known. */
  messageBytesMax: number = LIMITS.messageBytesMax
  #isOver = false
  #isCorked = false
  /** Bytes of a frame that has not arrived in full, and how many bytes of them there are. */
  #held = NOTHING
  #heldBytes = 0
  /** Total bytes of that frame, as far as is known. */
  #wanted = HEAD_BYTES

  constructor(socket: Duplex, owner: FrameOwner) {
    this.#socket = socket
    this.#owner = owner
    const lost = (error?: Error) => this.#close(new RpcError('UNAVAILABLE', error?.message ?? 'Connection dropped'))
    socket.on('error', lost).once('end', lost).once('close', lost)
  }

  /** Begins to receive; `ahead` is what has been read of the socket already. */
  start(ahead: Buffer): void {
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#receive(ahead)
  }

  /** Says whether the other end leaves so much unread that it must have stopped. */
  get isFull(): boolean {
    return this.#socket.writableLength > LIMITS.unreadBytesMax
  }

  /** Sends a frame, together with the others of this turn. `written` is called once the system has taken it. */
  send(frame: Buffer, written?: () => void): void {
    if (this.#isOver) return
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      queueMicrotask(this.#afterMicrotasks)
    }
    this.#socket.write(frame, written)
  }

  /** Asks whether the other end is there; whatever it sends is an answer. */
  ping(answered: () => void): void {
    // It would wait behind what is not taken. UnreadStreams judges that.
    if (this.#socket.writableLength > 0) return answered()
    this.#socket.once('data', () => answered())
    this.send(PING)
  }

  /** Ends the stream after what was sent; the other end hears of the error. The connection is closed when it has taken that. */
  end(error?: RpcError): void {
    if (this.#isOver) return
    const { code, details } = error ? toStatus(error) : { code: 0, details: '' }
    const words = Buffer.from(details).subarray(0, CONTROL_BYTES_MAX - 1)
    this.send(smallFrame(KIND.end, Buffer.concat([Buffer.from([code]), words])))
    this.#isOver = true
    endLingering(this.#socket)
  }

  /** Closes the connection at once. */
  destroy(): void {
    this.#isOver = true
    this.#socket.destroy()
  }

  readonly #afterMicrotasks = (): void => process.nextTick(this.#flush)

  readonly #flush = (): void => {
    this.#isCorked = false
    this.#socket.uncork()
    if (this.#socket.writableLength > 0) this.#owner.unread?.()
  }

  #receive(chunk: Buffer): void {
    if (this.#heldBytes === 0) return this.#take(chunk)
    this.#hold(chunk)
    if (this.#heldBytes < this.#wanted) return
    const bytes = this.#held.subarray(0, this.#heldBytes)
    this.#held = NOTHING
    this.#heldBytes = 0
    this.#take(bytes)
  }

  #take(bytes: Buffer): void {
    let at = 0
    while (!this.#isOver) {
      const left = bytes.length - at
      this.#wanted = HEAD_BYTES
      if (left < HEAD_BYTES) break
      const kind = bytes[at]!
      const isControl = kind >= KIND.opened
      const length = isControl ? bytes.readUIntBE(at + 1, 3) : bytes.readUInt32BE(at)
      const most = isControl ? CONTROL_BYTES_MAX : this.messageBytesMax
      if (length > most) return this.#break('RESOURCE_EXHAUSTED', `a frame of ${length} bytes is larger than ${most}`)
      this.#wanted += length
      if (left < this.#wanted) break
      const payload = bytes.subarray(at + HEAD_BYTES, at + this.#wanted)
      at += this.#wanted
      if (isControl) this.#control(kind, payload)
      else this.#owner.message(payload)
    }
    if (at < bytes.length && !this.#isOver) this.#hold(bytes.subarray(at))
  }

  /** Keeps bytes in a buffer that grows with what has arrived, whatever length was announced. */
  #hold(bytes: Buffer): void {
    const needed = this.#heldBytes + bytes.length
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * needed, this.#wanted)))
      this.#held.copy(larger, 0, 0, this.#heldBytes)
      this.#held = larger
    }
    bytes.copy(this.#held, this.#heldBytes)
    this.#heldBytes = needed
  }

  #control(kind: number, payload: Buffer): void {
    if (kind === KIND.ping) this.#pong()
    else if (kind === KIND.end) this.#close(payload[0] ? toRpcError({ code: payload[0], message: payload.toString('utf8', 1) }) : undefined)
    else if (kind !== KIND.pong && kind !== KIND.opened) this.#break('INTERNAL', `frames of kind ${kind} are unknown`)
  }

  /** Answers a ping, unless frames wait to be sent: those are an answer, too. So a peer that pings and does not read gets no heap of answers. */
  #pong(): void {
    if (this.#socket.writableLength === 0) this.send(PONG)
  }

  #break(code: 'RESOURCE_EXHAUSTED' | 'INTERNAL', words: string): void {
    this.#owner.broken(new RpcError(code, words))
  }

  #close(error: RpcError | undefined): void {
    if (this.#isOver) return
    this.destroy()
    this.#owner.closed(error)
  }
}
