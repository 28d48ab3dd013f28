/** Every limit of the service in one place. Reaching one is an answer to the caller, never a surprise. */
export const LIMITS = {
  /** Largest quantity of one order (the contract's int32). */
  orderQuantityMax: 2_147_483_647,
  /** Largest number of shares one stock may hold: the largest integer that JSON numbers carry exactly. */
  stockLevelMax: Number.MAX_SAFE_INTEGER,
  /** Most stocks that can be for sale. */
  stocksMax: 100_000,
  /** Most bytes that all their names take together: a whole catalogue travels in one message. */
  stockNamesBytesMax: 4 * 1024 * 1024,
  /** Longest stock name that can exist, in UTF-8 bytes. */
  stockNameBytesMax: 256,
  /** Longest Idempotency-Key a client may send, in characters. */
  idempotencyKeyCharactersMax: 255,
  /** Largest HTTP request body, in bytes. */
  requestBodyBytesMax: 16_384,
  /** Orders in one request, and the largest body of such a request, in bytes. */
  batchOrdersMax: 1_000,
  batchBodyBytesMax: 1024 * 1024,
  /** Largest request line and headers of HTTP, in bytes, in requests and in the answers that we get. */
  httpHeadBytesMax: 16_384,
  /** Orders one front end holds unanswered; the next one gets 503 at once. */
  frontEndPendingOrdersMax: 4_096,
  /** The same while orders keep coming faster than they are answered. It is two full batches; more would only make all wait longer. */
  frontEndStandingOrdersMax: 1_024,
  /** Lookups of stocks that are not cached that one front end has under way; the next one gets 503. */
  frontEndLookupsMax: 4_096,
  /** Requests that one front end works on at once, except plain orders and lookups; the next one gets 503. */
  frontEndRequestsMax: 8_192,
  /** Requests of the same kinds that begin in one turn of the event loop. */
  frontEndRequestsPerTurnMax: 16,
  /** Requests that wait behind others on their connections; the connection that brings one more is ended. */
  requestsAheadMax: 8_192,
  /** Listings of orders that one front end has under way. */
  frontEndListingsMax: 2,
  /** Pages and files below /docs that one front end has under way, until they are read. Each file takes a descriptor. */
  frontEndDocumentsMax: 8,
  /** Listings, and requests below /docs, that wait for their turn; the next one gets 503. */
  frontEndWaitingQuestionsMax: 256,
  /** Readers of the live stream that one front end has; the next one gets 503. */
  readersMax: 2_000,
  /** Bytes of the live stream that a reader may leave unread before it is cut. All readers hold the same bytes. */
  readerUnreadBytesMax: 256 * 1024,
  /** Orders that a front end holds for readers of the live stream that come again. Older ones are read page by page. */
  heldOrdersMax: 10_000,
  /** Bytes of answers that their readers have not taken yet. Beyond it, all requests but plain orders and lookups get 503. */
  frontEndUnreadBytesMax: 64 * 1024 * 1024,
  /** Orders one leader holds unanswered; the next one is answered "overloaded". */
  leaderPendingOrdersMax: 16_384,
  /** Requests in one Trade message. */
  tradeBatchMax: 512,
  /**
   * Entries in one answer to a `Read`, in one message that closes a leader's gap, and in one message to a learner while no
   * order comes. Of large entries there are fewer.
   */
  catchUpBatchMax: 2_000,
  /** The same for a learner while orders come. The leader reads them within a few milliseconds, and orders wait meanwhile. */
  learnerBatchMax: 1_000,
  /** Entries that a leader may lack at its start. It gets them on its stream and trades soon. If it lacks more, it reads them first. */
  leaderGapMax: 8_000,
  /** Stocks in one part of an answer that lists all of them. */
  stocksPartMax: 500,
  /** Entries that are read from a file in one go. Pings, trades and heartbeats get their turn before the next ones are read. */
  entriesPieceMax: 100,
  /** Reads of a log, listings and the like that one catalogue or replica has waiting; the next one is refused. */
  waitingReadsMax: 1_024,
  /** The same for one connection or stream. The next ones wait until these are answered and the answers are taken. */
  readsPerCallerMax: 4,
  /** File descriptors that a process keeps for its own connections and files. Connections of others get the rest. */
  ownDescriptors: 64,
  /** Connections of others that a process has room for at least, however few descriptors there are. */
  connectionsMin: 16,
  /** Connections of others that a process has room for at most. */
  connectionsMax: 20_000,
  /** Calls and streams that one connection of a gRPC server may have open. */
  streamsPerConnectionMax: 100,
  /** Streams of one kind that a gRPC server has open. For one more, a silent one is ended. If none is silent, the new one is refused. */
  streamsOfOneKindMax: 64,
  /** Bytes that a gRPC server holds for readers that have not taken them yet. */
  unreadBytesMax: 64 * 1024 * 1024,
  /** Orders that a follower of another make may lack before it is dropped. It gets them one by one. */
  foreignFollowerLagMax: 16_384,
  /** Orders placed at a leader of another make whose keys a front end remembers. Beyond this number, it forgets the oldest one. */
  foreignOrdersRememberedMax: 32_768,
  /** Orders one listing returns. */
  listingMax: 1_000,

  // ---- limits of one message between processes; src/wire/message-rules.ts says where each of them counts -----------

  /** Bytes of one gRPC message. More than {@link LIMITS.entryTextBytesMax}, so that every entry of a log can be sent. */
  messageBytesMax: 20 * 1024 * 1024,
  /** Bytes of the entries in one message; one entry that is larger travels alone. */
  pageBytesMax: 2 * 1024 * 1024,
  /** Longest text of an entry in a log, in bytes. It is so long because earlier versions took keys as long as their largest message. */
  entryTextBytesMax: 16 * 1024 * 1024,
  /** Longest name or type in one of the contract's single calls: as long as in a body of HTTP. */
  requestTextBytesMax: 16_384,
  /** Longest fingerprint of an order request: 48 characters, each of up to three bytes. */
  fingerprintBytesMax: 144,
  /** Longest id of a cluster, a disk or a front end. */
  idBytesMax: 64,
  /** Longest "host:port": a host name has at most 253 bytes. */
  addressBytesMax: 261,
  /** Longest words for people, such as why something was refused. */
  wordsBytesMax: 16_384,
  /** Replicas that one cluster may have. */
  replicasMax: 16,
  /** Front ends that the catalogue grants sessions to at a time. */
  frontEndsMax: 256,
  /** Requests that are decided in one go, and so the most entries that one decision adds. */
  decisionsMax: 2_048,
  /** Outcomes in one message to a front end. */
  outcomesMax: 4_096,
  /** Highest length of a log: 100,000 orders a second for 89 years. */
  logLengthMax: 2 ** 48,
  /** Highest number of a question, a batch or a session on one connection. */
  questionMax: 2 ** 52,
  /** Latest time in an entry, in milliseconds since 1970: the last one that a date can have. */
  timeMsMax: 8_640_000_000_000_000,
  /** Highest epoch of an assignment. Elections go on at it, since of equal epochs the one of the higher id counts. */
  epochMax: 2 ** 48,
  /** Highest generation. No catalogue is started four thousand million times. */
  generationMax: 2 ** 32,
} as const
