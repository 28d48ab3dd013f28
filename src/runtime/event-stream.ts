import type { ServerResponse } from 'node:http'

/** An answer that goes on until one of its ends closes it: text, of which more is written as it comes. */
export interface EventStream {
  /**
   * Writes bytes, which do not change any more. Many streams may write the same ones: they are held once. Calls `taken` when
   * the other end has taken all that was written so far, or the stream is over.
   */
  write(bytes: Buffer, taken?: () => void): void
  /** Bytes that the other end has not taken. */
  readonly unreadBytes: number
  readonly isGone: boolean
  /** Calls `run` once, when the stream is over. */
  onGone(run: () => void): void
  /** Ends the stream. The other end still gets what was written. */
  end(): void
  /** Ends the stream at once. */
  cut(): void
}

/**
 * Begins an answer of server-sent events. It has no length and is not chunked: it ends with its connection. So the bytes of a
 * message are the same for all readers.
 */
export function beginEventStream({ req: { socket } }: ServerResponse, headers: Readonly<Record<string, string>>): EventStream {
  const all = {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
    Connection: 'close',
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`)
  return {
    write: (bytes, taken) => {
      if (socket.writable) socket.write(bytes, taken)
      else taken?.()
    },
    get unreadBytes() {
      return socket.writableLength
    },
    get isGone() {
      return socket.destroyed || socket.readableEnded
    },
    onGone: (run) => {
      let isGone = false
      const gone = () => {
        if (isGone) return
        isGone = true
        run()
        socket.destroySoon()
      }
      // A reader that has ended its side asks for nothing more.
      socket.once('end', gone).once('close', gone)
    },
    end: () => socket.destroySoon(),
    cut: () => void socket.destroy(),
  }
}
