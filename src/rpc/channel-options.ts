import { LIMITS } from '../domain/limits.ts'

/** Bytes that a peer may send ahead. With HTTP/2's 64 KiB, a large message would wait until its reader has taken the one before. */
export const WINDOW_BYTES = 1_048_576

/** Common settings of all gRPC connections, clients' and servers'. */
export const CHANNEL_OPTIONS = {
  // This sets the window of clients. client-watch.ts sets that of servers.
  'grpc-node.flow_control_window': WINDOW_BYTES,
  'grpc.max_receive_message_length': LIMITS.messageBytesMax,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  // Otherwise a new channel would share the connection to a stopped peer that it is to replace.
  'grpc.use_local_subchannel_pool': 1,
  // The environment may name a proxy. Our connections never use it, since it cannot know where a peer is.
  'grpc.enable_http_proxy': 0,
  // channelz counts every message, and nobody asks for its counters.
  'grpc.enable_channelz': 0,
}

/**
 * How long a connection for single calls may be idle before it is closed. Firewalls and routers forget idle connections
 * after half a minute at the earliest, and do not tell the two ends.
 */
const CALLS_IDLE_MS = 10_000

/** Settings of the connections for single calls. */
export const CALL_CHANNEL_OPTIONS = { ...CHANNEL_OPTIONS, 'grpc.client_idle_timeout_ms': CALLS_IDLE_MS }

/** How often a server pings a client, and how long it waits for the answer. */
export const SERVER_KEEPALIVE_MS = 3_000
export const SERVER_KEEPALIVE_TIMEOUT_MS = 2_000
/** How long a server keeps a connection without any call. */
const SERVER_IDLE_MS = 60_000

/** Settings of servers. The keepalive is not among them: client-watch.ts pings the clients. */
export const SERVER_OPTIONS = {
  ...CHANNEL_OPTIONS,
  'grpc.max_concurrent_streams': LIMITS.streamsPerConnectionMax,
  'grpc.max_connection_idle_ms': SERVER_IDLE_MS,
}
