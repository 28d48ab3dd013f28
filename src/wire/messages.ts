// Generated from proto/stockbazaar.proto by `npm run generate`; do not edit.

export interface LookupStockName {
  stockName: string
}

export interface LookupResult {
  stockPrice: number
  stockQuantity: number
  priceCents: number
  position: number
}

export interface TradeStockName {
  stockName: string
  stockTradeQuantity: number
  tradeType: string
  key: string
}

export interface TradeResult {
  resultTrade: number
  orderNum: number
}

export interface RequestStockName {
  stockName: string
  stockTradeQuantity: number
  tradeType: string
  key: string
}

export interface RequestResult {
  transactionNum: number
}

export interface LookupOrderNum {
  orderNum: number
}

export interface LookupOrderNumResult {
  orderNum: number
  stockName: string
  tradeType: string
  stockTradeQuantity: number
}

export interface PropagateOrderNum {
  orderNum: number
  stockName: string
  tradeType: string
  stockTradeQuantity: number
}

export interface PropagateResult {
  resultPropagate: number
}

export interface FollowersAssigned {
  followerOne: string
  followerTwo: string
  epoch: number
  clusterId: string
  moreFollowers: readonly string[]
}

export interface FollowersResult {
  resultFollowers: number
}

export interface SynchronizeTransNum {
  orderNum: number
  synchronizedAdd: string
  overReplicate: boolean
}

export interface TransNumInfo {
  orderNum: number
  stockName: string
  tradeType: string
  stockTradeQuantity: number
}

export interface Entry {
  number: number
  generation: number
  key: string
  fingerprint: string
  name: string
  type: string
  quantity: number
  timeMs: number
}

export interface OrderRequest {
  key: string
  fingerprint: string
  name: string
  type: string
  quantity: number
}

export interface Outcome {
  number: number
  position: number
  replayed: boolean
}

export interface Stock {
  name: string
  priceCents: number
  quantity: number
  volume: number
}

export interface Genesis {
  clusterId: string
  stocks: readonly Stock[]
}

export interface LiveSession {
  frontEndId: string
  address: string
}

export interface ReadRequest {
  from: number
  limit: number
}

export interface Entries {
  entries: readonly Entry[]
  digest: string
  length: number
  generation: number
  recoveredGeneration: number
}

export interface ConfirmPublished {}

export interface OriginRequest {}

export interface RecallRequest {
  key: string
  fingerprint: string
  anyFingerprint: boolean
}

export interface Recalled {
  outcome?: Outcome | null
  length: number
}

export interface StatusRequest {}

export interface LeaderToCatalogue {
  hello?: LeadHello | null
  trade?: TradeBatch | null
  publish?: PublishRequest | null
  confirm?: ConfirmRequest | null
}

export interface LeadHello {
  replicaId: number
  address: string
  clusterId: string
  length: number
  digest: string
  sealedGeneration: number
  lastGeneration: number
}

export interface TradeBatch {
  batch: number
  requests: readonly OrderRequest[]
}

export interface PublishRequest {
  position: number
  unreachable: readonly string[]
}

export interface ConfirmRequest {
  confirm: number
}

export interface CatalogueToLeader {
  welcome?: LeadWelcome | null
  decided?: Decided | null
  published?: Published | null
  confirmed?: Confirmed | null
  refused?: Refusal | null
}

export interface Refusal {
  why: string
  differs: boolean
  lacksMuch: boolean
  adopt?: Adoption | null
}

export interface Adoption {
  generation: number
  genesis?: Genesis | null
}

export interface LeadWelcome {
  generation: number
  genesis?: Genesis | null
  length: number
  published: number
}

export interface Decided {
  batch: number
  outcomes: readonly Outcome[]
  entries: readonly Entry[]
  digest: string
  published: number
  sessions: readonly LiveSession[]
}

export interface Published {
  position: number
}

export interface Confirmed {
  confirm: number
  published: number
}

export interface FrontEndToCatalogue {
  hello?: SessionHello | null
  renew?: SessionRenew | null
  query?: StockQuery | null
  ended?: SessionEnded | null
}

export interface SessionEnded {}

export interface SessionHello {
  frontEndId: string
  address: string
  caching: boolean
  replicas: readonly string[]
}

export interface SessionRenew {
  ask: number
}

export interface StockQuery {
  query: number
  names: readonly string[]
}

export interface CatalogueToFrontEnd {
  grant?: SessionGrant | null
  answer?: StockAnswer | null
  end?: SessionEnd | null
}

export interface SessionEnd {}

export interface SessionGrant {
  ask: number
  session: number
  leaseMs: number
  clusterId: string
}

export interface StockAnswer {
  query: number
  stocks: readonly StockView[]
  position: number
  more: boolean
}

export interface StockView {
  name: string
  priceCents: number
  quantity: number
  volume: number
  cacheable: boolean
  found: boolean
}

export interface FrontEndToReplica {
  hello?: RouteHello | null
  ping?: Ping | null
  place?: PlaceBatch | null
  query?: OrderQuery | null
  invalidated?: StockChange | null
  tail?: Tail | null
}

export interface RouteHello {
  frontEndId: string
  replicaId: number
  replicaAddress: string
}

export interface Ping {
  ping: number
  leaderEpoch: number
  leaderId: number
  clusterId: string
  catalogueAddress: string
}

export interface PlaceBatch {
  first: number
  requests: readonly OrderRequest[]
}

export interface OrderQuery {
  query: number
  number: number
  limit: number
}

export interface Tail {
  tail: number
  from: number
}

export interface ReplicaToFrontEnd {
  pong?: Pong | null
  result?: PlaceResult | null
  answer?: OrderAnswer | null
  invalidate?: StockChange | null
  tailed?: Tailed | null
}

export interface Pong {
  ping: number
  replicaId: number
  role: string
  epoch: number
  canLead: boolean
  trouble: string
  length: number
  clusterId: string
  catalogueAddress: string
  tails: boolean
}

export interface PlaceResult {
  outcomes: readonly PlaceOutcome[]
}

export interface PlaceOutcome {
  id: number
  number: number
  replayed: boolean
}

export interface StockChange {
  names: readonly string[]
  number: number
}

export interface OrderAnswer {
  query: number
  result: string
  entries: readonly Entry[]
}

export interface Tailed {
  tail: number
  from: number
  entries: readonly Entry[]
  published: number
  generation: number
}

export interface LeaderToFollower {
  hello?: ReplicateHello | null
  append?: Append | null
  forked?: Refusal | null
}

export interface ReplicateHello {
  leaderId: number
  epoch: number
  generation: number
  genesis?: Genesis | null
}

export interface Append {
  generation: number
  from: number
  entries: readonly Entry[]
  digest: string
  published: number
  resting: boolean
}

export interface FollowerToLeader {
  state?: FollowerState | null
  refused?: Refusal | null
}

export interface FollowerState {
  replicaId: number
  length: number
  digest: string
}

export interface IdentifyRequest {}

export interface Identity {
  catalogueId: string
  clusterId: string
  generation: number
}

export interface SealRequest {
  generation: number
  genesis?: Genesis | null
  catalogueId: string
}

export interface SealResult {
  replicaId: number
  clusterId: string
  diskId: string
  sealedGeneration: number
  length: number
  digest: string
  lastGeneration: number
  genesis?: Genesis | null
}

export interface ProcessStatus {
  pid: number
  uptimeMs: number
  memoryBytes: number
  cpuMicroseconds: number
}

export interface CatalogueStatus {
  process?: ProcessStatus | null
  clusterId: string
  generation: number
  length: number
  digest: string
  published: number
  sessions: readonly LiveSession[]
  batches: number
  requests: number
  state: string
}

export interface ReplicaStatus {
  process?: ProcessStatus | null
  replicaId: number
  address: string
  role: string
  epoch: number
  clusterId: string
  diskId: string
  sealedGeneration: number
  length: number
  digest: string
  published: number
  followers: readonly FollowerView[]
  canLead: boolean
  trouble: string
  batches: number
  leader: string
  aloneMs: number
  aloneWhy: string
}

export interface FollowerView {
  address: string
  state: string
  length: number
}
