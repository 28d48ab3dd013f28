/**
 * Loaded into a process under test (`node --import`). Gives its connections over loopback a source address of its own, by
 * which a proxy knows who calls. Nothing else in the process is changed. Needs Linux, where all of 127.0.0.0/8 works without
 * being set up.
 */
import { Socket } from 'node:net'

/** Names the variable that holds the address. */
const VARIABLE = 'NEMESIS_SOURCE_ADDRESS'

const localAddress = process.env[VARIABLE] // Undefined means any address.
const connect = Socket.prototype.connect as (this: Socket, ...given: readonly unknown[]) => Socket

Socket.prototype.connect = function (this: Socket, ...given: readonly unknown[]): Socket {
  const [first, ...others] = given
  // `net.connect` hands its arguments on as an array that begins with the options.
  if (Array.isArray(first)) first[0] = fromHere(first[0])
  return connect.call(this, Array.isArray(first) ? first : fromHere(first), ...others)
}

/** Returns a copy of the options with the address. An agent files its connections under the options that it was given. */
const fromHere = (options: unknown): unknown =>
  typeof options === 'object' && options !== null && 'port' in options ? { ...options, localAddress } : options
