/**
 * Loaded into a process under test (`node --import`): its connections over loopback leave from an address of its own,
 * by which a proxy knows who calls. Nothing else in the process is changed. Needs Linux, where all of 127.0.0.0/8 is
 * there without being set up.
 */
import { Socket } from 'node:net'

/** Names the variable that holds the address. */
const VARIABLE = 'NEMESIS_SOURCE_ADDRESS'

const localAddress = process.env[VARIABLE] // Undefined: any.
const connect = Socket.prototype.connect as (this: Socket, ...given: readonly unknown[]) => Socket

Socket.prototype.connect = function (this: Socket, ...given: readonly unknown[]): Socket {
  const [first, ...others] = given
  // `net.connect` hands its arguments on as an array that begins with the options.
  if (Array.isArray(first)) first[0] = fromHere(first[0])
  return connect.call(this, Array.isArray(first) ? first : fromHere(first), ...others)
}

/** A copy: an agent files its connections under the options that it was given. */
const fromHere = (options: unknown): unknown =>
  typeof options === 'object' && options !== null && 'port' in options ? { ...options, localAddress } : options
