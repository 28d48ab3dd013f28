/** Common settings of all gRPC connections, clients' and servers'. */
export const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  // Without an own pool a connection to a stopped peer is shared with the attempt that should replace it.
  'grpc.use_local_subchannel_pool': 1,
}
