import type { Duplex } from 'node:stream'
import { systemClock } from './clock.ts'

/** How long a connection is still read after its last answer has gone out. */
const LINGER_MS = 5_000
/** How many bytes are still read of it. */
const LINGER_BYTES_MAX = 64 * 1024 * 1024

const deaf = new WeakSet<Duplex>()

/**
 * Drops all further input. No other listener hears of it or of its end. A client that sends more than 64 MiB loses the
 * connection.
 */
export function dropInput(socket: Duplex): void {
  if (deaf.has(socket)) return
  deaf.add(socket)
  let left = LINGER_BYTES_MAX
  // The parser of node:http reads the socket directly, past the stream. A new listener takes the socket back.
  socket
    .removeAllListeners('data')
    .removeAllListeners('end')
    .on('data', (chunk: Buffer) => {
      left -= chunk.length
      if (left < 0) socket.destroy()
    })
  socket.resume()
}

/**
 * Ends a connection so that all that was written to it arrives. A socket that is closed with unread bytes resets its
 * connection. A client that is still writing then loses the answer, even if it has reached the client's machine. So this end
 * only says that nothing more will come, and reads on until the client ends as well, for at most 5 s and 64 MiB.
 */
export function endLingering(socket: Duplex): void {
  if (socket.destroyed || socket.writableEnded) return
  dropInput(socket)
  socket.end(() => {
    if (socket.destroyed) return
    const timer = systemClock.after(LINGER_MS, () => socket.destroy())
    socket.once('close', () => timer.cancel())
  })
}
