import type { Socket } from 'node:net'
import { systemClock } from './clock.ts'

/** How long a connection is still read after its last answer has gone out. */
const LINGER_MS = 5_000
/** How much is still read of it. */
const LINGER_BYTES_MAX = 64 * 1024 * 1024

const deaf = new WeakSet<Socket>()

/**
 * What arrives from now on is dropped, and nobody else hears of it, nor of its end. A client that sends more than 64 MiB
 * loses the connection.
 */
export function dropInput(socket: Socket): void {
  if (deaf.has(socket)) return
  deaf.add(socket)
  let left = LINGER_BYTES_MAX
  // A listener of its own takes the socket back from the parser of node:http, which reads it past the stream.
  socket.removeAllListeners('data').removeAllListeners('end').on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) socket.destroy()
  })
  socket.resume()
}

/**
 * Ends a connection so that what was written to it arrives. A socket that is closed with unread bytes resets its
 * connection, and a client that is still writing then loses the answer, even one that has reached its machine. So this end
 * only says that nothing more will come, and reads on until the client ends, too: for 5 s and 64 MiB at most.
 */
export function endLingering(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) return
  dropInput(socket)
  socket.end(() => {
    if (socket.destroyed) return
    const timer = systemClock.after(LINGER_MS, () => socket.destroy())
    socket.once('close', () => timer.cancel())
  })
}
