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
  /** Orders one front end holds unanswered; the next one gets 503 at once. */
  frontEndPendingOrdersMax: 4_096,
  /** The same where orders come faster than they are answered for long: two full batches. More would only wait longer. */
  frontEndStandingOrdersMax: 1_024,
  /** Lookups of what is not cached that one front end has under way; the next one gets 503. */
  frontEndLookupsMax: 4_096,
  /**
   * Requests of all kinds that one front end has taken in, but for plain orders and lookups; the next one gets 503, or ends
   * its connection if it stands behind others there.
   */
  frontEndRequestsMax: 8_192,
  /** Requests that wait behind each other on one connection; with so many it is not read. */
  pipelinedRequestsMax: 16,
  /** Listings of orders that one front end has under way. */
  frontEndListingsMax: 2,
  /** Pages and files below /docs that one front end has under way, until they are read: a file takes a descriptor. */
  frontEndDocumentsMax: 8,
  /** Listings, and requests below /docs, that wait for their turn; the next one gets 503. */
  frontEndWaitingQuestionsMax: 256,
  /** Bytes of answers that their readers have not taken yet. With so many, all but plain orders and lookups get 503. */
  frontEndUnreadBytesMax: 64 * 1024 * 1024,
  /** Orders one leader holds unanswered; the next one is answered "overloaded". */
  leaderPendingOrdersMax: 16_384,
  /** Requests in one Trade message. */
  tradeBatchMax: 512,
  /** Entries in one answer to a `Read`, and in one message that closes a leader's gap. */
  catchUpBatchMax: 2_000,
  /** Entries in one message to a learner: the leader reads them within a few milliseconds, and orders wait meanwhile. */
  learnerBatchMax: 1_000,
  /** Entries that a leader may lack and still trade soon: it gets them on its stream. With more it reads them first. */
  leaderGapMax: 8_000,
  /** Stocks in one part of an answer that lists all of them. */
  stocksPartMax: 500,
  /** Entries that are read from a file in one go; pings, trades and heartbeats get their turn before the next ones. */
  entriesPieceMax: 100,
  /** Reads of a log, listings and the like that one catalogue or replica has waiting; the next one is refused. */
  waitingReadsMax: 1_024,
  /** The same of one connection or stream: the next ones wait until these are answered, and the answers taken. */
  readsPerCallerMax: 4,
  /** Calls and streams that one connection of a gRPC server may have open. */
  streamsPerConnectionMax: 256,
  /** Streams of one kind that a gRPC server has open; for the next one, that on which nothing has arrived for longest ends. */
  streamsOfOneKindMax: 64,
  /** Bytes that a gRPC server holds for readers who do not take them. */
  unreadBytesMax: 64 * 1024 * 1024,
  /** Orders one listing returns. */
  listingMax: 1_000,
} as const
