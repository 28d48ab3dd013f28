import { LRUCache } from 'lru-cache'
import { RpcError } from '../wire/rpc-error.ts'

/** Channels that are kept open. Beyond this number, the one that was used longest ago is closed. */
const CHANNELS_MAX = 16

/** A connection to one address. */
export interface CallChannel {
  close(): void
}

/**
 * The channels for single calls, one for each address. They are kept open between calls. Meanwhile a firewall or router on
 * the way may forget the connection. Packets then vanish without a reset. So the channel of a call that got no answer is
 * closed, and the next call makes a new connection.
 */
export class CallChannels<C extends CallChannel> {
  readonly #open: (address: string) => C
  readonly #channels = new LRUCache<string, C>({ max: CHANNELS_MAX, dispose: (channel) => channel.close() })

  constructor(open: (address: string) => C) {
    this.#open = open
  }

  /** Makes one call over the channel to an address. Rejects as the call does. */
  async over<T>(address: string, call: (channel: C) => Promise<T>): Promise<T> {
    const channel = this.#channelTo(address)
    try {
      return await call(channel)
    } catch (error) {
      // A channel that could not connect waits before it tries again. A new one tries at once.
      if (!wasAnswered(error)) this.#giveUp(address, channel)
      throw error
    }
  }

  #channelTo(address: string): C {
    const known = this.#channels.get(address)
    if (known) return known
    const channel = this.#open(address)
    this.#channels.set(address, channel)
    return channel
  }

  /** Closes the channel, unless another call has closed and replaced it already. */
  #giveUp(address: string, channel: C): void {
    if (this.#channels.peek(address) === channel) this.#channels.delete(address)
  }
}

/** Says whether the other end has answered. A refusal is an answer, too. */
const wasAnswered = (error: unknown): boolean =>
  error instanceof RpcError && error.code !== 'UNAVAILABLE' && error.code !== 'DEADLINE_EXCEEDED'
