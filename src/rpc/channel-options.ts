import { LIMITS } from '../domain/limits.ts'

/** Bytes that a peer may send ahead. With HTTP/2's 64 KiB a large message waits for a peer that is busy with the one before it. */
export const WINDOW_BYTES = 1_048_576

/** Common settings of all gRPC connections, clients' and servers'. */
export const CHANNEL_OPTIONS = {
  // Clients only; for servers see client-watch.ts.
  'grpc-node.flow_control_window': WINDOW_BYTES,
  'grpc.max_receive_message_length': LIMITS.messageBytesMax,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  // Without an own pool a connection to a stopped peer is shared with the attempt that should replace it.
  'grpc.use_local_subchannel_pool': 1,
  // Our own connections never go by way of a proxy that the environment names: it cannot know where a peer is.
  'grpc.enable_http_proxy': 0,
  // Nobody asks for its counters, and it keeps them for every message.
  'grpc.enable_channelz': 0,
}

/**
 * A connection that single calls leave idle for longer is closed: boxes on the way forget such ones after half a minute at
 * the earliest, and say nothing.
 */
const CALLS_IDLE_MS = 10_000

/** Settings of the connections for single calls. */
export const CALL_CHANNEL_OPTIONS = { ...CHANNEL_OPTIONS, 'grpc.client_idle_timeout_ms': CALLS_IDLE_MS }

/** How often a server asks a client whether it is still there, and how long it waits for the answer. */
export const SERVER_KEEPALIVE_MS = 3_000
export const SERVER_KEEPALIVE_TIMEOUT_MS = 2_000
/** A connection without any call is closed after this time. */
const SERVER_IDLE_MS = 60_000

/** Settings of servers. Whether their clients are there they find out by themselves: see client-watch.ts. */
export const SERVER_OPTIONS = {
  ...CHANNEL_OPTIONS,
  'grpc.max_concurrent_streams': LIMITS.streamsPerConnectionMax,
  'grpc.max_connection_idle_ms': SERVER_IDLE_MS,
}
