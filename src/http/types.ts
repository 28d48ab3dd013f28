/** Shapes of the JSON that a front end answers with. Success is `{"data": …}`, failure `{"error": {"code", "message"}}`. */

export interface ErrorBody {
  readonly error: {
    readonly code: number
    readonly message: string
    /** With "may have been placed": the key to repeat the order with. */
    readonly idempotencyKey?: string
  }
}

/** `GET /stocks/<name>` */
export interface StockData {
  readonly name: string
  /** Dollars, 2 decimals. */
  readonly price: number
  readonly quantity: number
}

/** `GET /stocks` */
export interface StockListData {
  readonly stocks: readonly (StockData & { readonly volume: number })[]
}

/** `GET /orders/<number>` */
export interface OrderData {
  readonly number: number
  readonly name: string
  readonly type: string
  readonly quantity: number
}

/** `GET /orders?after=N&limit=M`: orders with a number above N, in order. */
export interface OrderListData {
  readonly orders: readonly OrderData[]
}

/** `GET /v1/orders/<number>` */
export interface TimedOrderData extends OrderData {
  /** When it was decided, in ISO 8601 and in ms since 1970, by the catalogue's clock. */
  readonly time: string
  readonly timeMs: number
  /** The catalogue's generation when it decided the order. */
  readonly generation: number
}

/** `GET /v1/orders` */
export interface TimedOrderListData {
  readonly orders: readonly TimedOrderData[]
  /** With `key`: why the order with this key was rejected. */
  readonly rejected?: ErrorBody['error']
}

/** `GET /v1/stocks` */
export interface StockPageData extends StockListData {
  /** The `after` of the next page, if there is one. */
  readonly next?: string
}

/** One result of `POST /v1/orders:batch`. */
export type BatchResult =
  | { readonly status: 200; readonly data: PlacedData & { readonly number: number } }
  | ({ readonly status: number } & ErrorBody)

/** `POST /orders` */
export interface PlacedData {
  readonly transaction_number: number
}

/** `GET /leader` */
export interface LeaderData {
  readonly leader: string
}

interface ProcessData {
  readonly name: string
  readonly address: string
  readonly pid: number
  readonly uptimeMs: number
  readonly memoryBytes: number
  /** CPU time since the start of the process, user and system. */
  readonly cpuMicroseconds: number
}

interface Unreachable {
  readonly name: string
  readonly address: string
  readonly reachable: false
  readonly why: string
}

export interface FrontEndStatusData extends ProcessData {
  readonly reachable: true
  readonly caching: boolean
  /** True while the lease on the cache runs. Without the lease, nothing is served from the cache. */
  readonly session: boolean
  readonly cache: {
    readonly stocksMax: number
    readonly stocks: number
    readonly hits: number
    readonly misses: number
    /** Dropped for lack of room. */
    readonly evictions: number
    /** Dropped because a trade changed the stock. */
    readonly invalidations: number
  }
  readonly ordersWaiting: number
  readonly ordersAnswered: number
  readonly elections: number
  /** Replicas to which the front end has no connection, for how long, and why. */
  readonly gone: readonly { readonly name: string; readonly address: string; readonly forMs: number; readonly why: string }[]
}

export interface CatalogueStatusData extends ProcessData {
  readonly reachable: true
  readonly state: string
  readonly clusterId: string
  readonly generation: number
  readonly length: number
  readonly digest: string
  readonly published: number
  readonly sessions: readonly string[]
  readonly batches: number
  readonly requests: number
}

export interface ReplicaStatusData extends ProcessData {
  readonly reachable: true
  readonly id: number
  readonly role: string
  /** Epoch of the assignment that it leads under; 0 when it does not lead. */
  readonly epoch: number
  /** Id of the replica that leads, as this one knows it, or ''. */
  readonly leader: string
  readonly length: number
  readonly digest: string
  /** Entries that the catalogue has and this replica does not; null when the catalogue cannot be reached. */
  readonly lag: number | null
  readonly published: number
  readonly sealedGeneration: number
  readonly canLead: boolean
  /** Why the replica cannot lead, or ''. */
  readonly trouble: string
  readonly batches: number
  /**
   * How long the replica has followed nobody although it does not lead, and why it could not join a leader; 0 and ''
   * otherwise.
   */
  readonly aloneMs: number
  readonly aloneWhy: string
  /** Filled by the leader. */
  readonly followers: readonly { readonly address: string; readonly state: string; readonly length: number }[]
}

/** A program of another make in a replica's place. It knows only the contract's single calls, which tell nothing of its log. */
export interface OtherProgramData {
  readonly name: string
  readonly id: number
  readonly address: string
  readonly reachable: true
  /** "leader" while the program leads, as far as this front end knows, else "replica". */
  readonly role: string
  readonly canLead: boolean
  /** Why the program cannot lead, or ''. */
  readonly trouble: string
  readonly what: string
}

/** `GET /status`: all processes, as one front end sees them. */
export interface StatusData {
  /** "host:port" of the leader, or null while there is none. */
  readonly leader: string | null
  readonly frontEnd: FrontEndStatusData
  readonly catalogue: CatalogueStatusData | Unreachable
  /** Our own replicas, and those that do not answer. */
  readonly replicas: readonly (ReplicaStatusData | (Unreachable & { readonly id: number }))[]
  readonly otherPrograms: readonly OtherProgramData[]
}
