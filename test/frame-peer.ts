import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { OPENING } from '../src/rpc/frames.ts'

/** A frame as it came: `kind` is 0 for a message. */
export interface ReceivedFrame {
  readonly kind: number
  readonly payload: Buffer
}

/** Kinds of control frames, as they are on the wire. */
export const KINDS = { opened: 0x80, ping: 0x81, pong: 0x82, end: 0x83 } as const

/** A frame as it is on the wire; `kind` 0 is a message. */
export function frame(kind: number, payload: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(payload)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(bytes.length)
  head[0]! |= kind
  return Buffer.concat([head, bytes])
}

/** One end of a connection with frames that sends whatever the test says, and answers nothing by itself. */
export class FramePeer {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  isClosed = false

  constructor(socket: Socket) {
    this.socket = socket.on('error', () => {}).on('close', () => (this.isClosed = true))
    socket.on('data', (bytes: Buffer) => (this.#received = Buffer.concat([this.#received, bytes])))
  }

  /** Connects and sends what begins a stream. */
  static opening(port: number, method?: string): FramePeer {
    const peer = new FramePeer(connect({ port, host: '127.0.0.1', noDelay: true }))
    peer.socket.write(OPENING)
    if (method !== undefined) peer.socket.write(frame(0, method))
    return peer
  }

  /** All bytes that have arrived. */
  get received(): Buffer {
    return this.#received
  }

  /** The whole frames among what has arrived after the first `skip` bytes. */
  frames(skip = 0): ReceivedFrame[] {
    const found: ReceivedFrame[] = []
    for (let at = skip; at + 4 <= this.#received.length; ) {
      const kind = this.#received[at]! & 0x80 ? this.#received[at]! : 0
      const length = this.#received.readUInt32BE(at) - kind * 2 ** 24
      if (at + 4 + length > this.#received.length) break
      found.push({ kind, payload: this.#received.subarray(at + 4, at + 4 + length) })
      at += 4 + length
    }
    return found
  }

  /** The status that has ended the stream: its number and its words. */
  get ending(): { code: number; words: string } | undefined {
    const end = this.frames().find(({ kind }) => kind === KINDS.end)
    return end && { code: end.payload[0]!, words: end.payload.toString('utf8', 1) }
  }
}

/** A server that hands each connection to the test. */
export async function rawServer(accept: (peer: FramePeer) => void): Promise<{ address: string; close(): void }> {
  const peers: FramePeer[] = []
  const server = createServer({ noDelay: true }, (socket) => {
    const peer = new FramePeer(socket)
    peers.push(peer)
    accept(peer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const { socket } of peers) socket.destroy()
      server.close()
    },
  }
}

/** Says whether the program at an address answers the opening of a stream of frames with a frame. */
export async function takesFrames(address: string): Promise<boolean> {
  const peer = FramePeer.opening(Number(address.slice(address.lastIndexOf(':') + 1)))
  await once(peer.socket, 'data')
  peer.socket.destroy()
  return peer.received[0] === KINDS.opened
}
