import { LRUCache } from 'lru-cache'
import { RpcError } from '../wire/rpc-error.ts'

/** Channels that are kept open; the one used longest ago is closed beyond this. */
const CHANNELS_MAX = 16

/** A way to one address that can be closed. */
export interface CallChannel {
  close(): void
}

/**
 * The channels for single calls, one for each address. They are kept open between calls. A firewall or router on the way may
 * forget a connection meanwhile; then packets vanish without a reset. So the channel of a call that got no answer is given
 * up, and the next call makes a new connection.
 */
export class CallChannels<C extends CallChannel> {
  readonly #open: (address: string) => C
  readonly #channels = new LRUCache<string, C>({ max: CHANNELS_MAX, dispose: (channel) => channel.close() })

  constructor(open: (address: string) => C) {
    this.#open = open
  }

  /** Makes one call; what it rejects with is passed on. */
  async over<T>(address: string, call: (channel: C) => Promise<T>): Promise<T> {
    const channel = this.#channelTo(address)
    try {
      return await call(channel)
    } catch (error) {
      // A failed connection, too, would wait before it tries again: the next call should not have to wait for that.
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

  /** Gives up the channel, unless another call has replaced and closed it already. */
  #giveUp(address: string, channel: C): void {
    if (this.#channels.peek(address) === channel) this.#channels.delete(address)
  }
}

/** Whether the other end has answered, even by a refusal. */
const wasAnswered = (error: unknown): boolean =>
  error instanceof RpcError && error.code !== 'UNAVAILABLE' && error.code !== 'DEADLINE_EXCEEDED'
