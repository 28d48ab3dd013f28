import { LIMITS } from '../domain/limits.ts'
import {
  address,
  count,
  digest,
  epoch,
  fingerprint,
  generation,
  id,
  measured,
  namedReplica,
  nobodyOrReplica,
  noneOrAddress,
  noneOrKey,
  numberOrCode,
  position,
  question,
  recordedKey,
  replicaId,
  requestText,
  shares,
  someId,
  stockName,
  words,
} from './field-rules.ts'
import type * as M from './messages.ts'
import { Entry, OrderRequest, Outcome, Stock, Genesis, LiveSession, Adoption, Refusal, StockChange, ProcessStatus } from './part-rules.ts'
import { anyInteger, decimal, integer, list, message, optional, yesOrNo, type Rule } from './rules.ts'

/**
 * The rules for every field of every message, by the name of the message in the contract. They are checked where a message
 * arrives, before anybody works with it: in calls and streams, in requests and answers. A test ensures that no field lacks a
 * rule. A value for which the contract has an answer ("-3: quantity") passes.
 */

const order = { stockName: requestText, tradeType: requestText, stockTradeQuantity: anyInteger }

const SINGLE_CALLS = {
  lookupStockName: message<M.LookupStockName>({ stockName: requestText }),
  lookupResult: message<M.LookupResult>({
    stockPrice: decimal(-1),
    stockQuantity: integer(-1, LIMITS.stockLevelMax),
    priceCents: integer(-1, LIMITS.stockLevelMax),
    position: count,
  }),
  tradeStockName: message<M.TradeStockName>({ ...order, key: noneOrKey }),
  tradeResult: message<M.TradeResult>({ resultTrade: anyInteger, orderNum: anyInteger }),
  requestStockName: message<M.RequestStockName>({ ...order, key: noneOrKey }),
  requestResult: message<M.RequestResult>({ transactionNum: anyInteger }),
  lookupOrderNum: message<M.LookupOrderNum>({ orderNum: anyInteger }),
  lookupOrderNumResult: message<M.LookupOrderNumResult>({ orderNum: anyInteger, ...order }),
  propagateOrderNum: message<M.PropagateOrderNum>({ orderNum: anyInteger, ...order }),
  propagateResult: message<M.PropagateResult>({ resultPropagate: anyInteger }),
  followersAssigned: message<M.FollowersAssigned>({
    followerOne: noneOrAddress,
    followerTwo: noneOrAddress,
    epoch,
    clusterId: id,
    moreFollowers: list(LIMITS.replicasMax, address),
  }),
  followersResult: message<M.FollowersResult>({ resultFollowers: anyInteger }),
  synchronizeTransNum: message<M.SynchronizeTransNum>({
    orderNum: position,
    synchronizedAdd: noneOrAddress,
    overReplicate: yesOrNo,
  }),
  transNumInfo: message<M.TransNumInfo>({ orderNum: anyInteger, ...order }),
}

const READS = {
  ReadRequest: message<M.ReadRequest>({ from: count, limit: integer(0, 2 ** 31 - 1) }),
  Entries: message<M.Entries>({
    entries: list(LIMITS.catchUpBatchMax, Entry),
    digest,
    length: count,
    generation,
    recoveredGeneration: generation,
  }),
  ConfirmPublished: message<M.ConfirmPublished>({}),
  OriginRequest: message<M.OriginRequest>({}),
  Adoption,
  RecallRequest: message<M.RecallRequest>({ key: recordedKey, fingerprint, anyFingerprint: yesOrNo }),
  Recalled: message<M.Recalled>({ outcome: optional(Outcome), length: count }),
  StatusRequest: message<M.StatusRequest>({}),
  Published: message<M.Published>({ position: count }),
}

// ---- Catalog.Lead ------------------------------------------------------------------------------------------------

const LeadHello = message<M.LeadHello>({
  replicaId,
  address,
  clusterId: id,
  length: count,
  digest,
  sealedGeneration: generation,
  lastGeneration: generation,
})
const TradeBatch = message<M.TradeBatch>({ batch: question, requests: list(LIMITS.tradeBatchMax, OrderRequest) })
const PublishRequest = message<M.PublishRequest>({ position: count, unreachable: list(LIMITS.frontEndsMax, someId) })
const ConfirmRequest = message<M.ConfirmRequest>({ confirm: question })
const LeadWelcome = message<M.LeadWelcome>({ generation, genesis: optional(Genesis), length: count, published: count })
const Decided = message<M.Decided>({
  batch: integer(-1, LIMITS.questionMax),
  outcomes: list(LIMITS.tradeBatchMax, Outcome),
  entries: list(LIMITS.decisionsMax, Entry),
  digest,
  published: count,
  sessions: list(LIMITS.frontEndsMax, LiveSession),
})
const Confirmed = message<M.Confirmed>({ confirm: question, published: count })

const LEAD = {
  LeaderToCatalogue: message<M.LeaderToCatalogue>({
    hello: optional(LeadHello),
    trade: optional(TradeBatch),
    publish: optional(PublishRequest),
    confirm: optional(ConfirmRequest),
  }),
  CatalogueToLeader: message<M.CatalogueToLeader>({
    welcome: optional(LeadWelcome),
    decided: optional(Decided),
    published: optional(READS.Published),
    confirmed: optional(Confirmed),
    refused: optional(Refusal),
  }),
}

// ---- Catalog.Session ---------------------------------------------------------------------------------------------

const SessionHello = message<M.SessionHello>({
  frontEndId: someId,
  address,
  caching: yesOrNo,
  replicas: list(LIMITS.replicasMax, namedReplica),
})
const SessionRenew = message<M.SessionRenew>({ ask: question })
const StockQuery = message<M.StockQuery>({ query: question, names: list(LIMITS.frontEndLookupsMax, stockName) })
const SessionEnded = message<M.SessionEnded>({})
const SessionEnd = message<M.SessionEnd>({})
const SessionGrant = message<M.SessionGrant>({ ask: question, session: question, leaseMs: measured, clusterId: id })
const StockView = message<M.StockView>({
  name: stockName,
  priceCents: shares,
  quantity: shares,
  volume: shares,
  cacheable: yesOrNo,
  found: yesOrNo,
})
const StockAnswer = message<M.StockAnswer>({ query: question, stocks: list(LIMITS.stocksMax, StockView), position, more: yesOrNo })

const SESSION = {
  FrontEndToCatalogue: message<M.FrontEndToCatalogue>({
    hello: optional(SessionHello),
    renew: optional(SessionRenew),
    query: optional(StockQuery),
    ended: optional(SessionEnded),
  }),
  CatalogueToFrontEnd: message<M.CatalogueToFrontEnd>({
    grant: optional(SessionGrant),
    answer: optional(StockAnswer),
    end: optional(SessionEnd),
  }),
}

// ---- Order.Route -------------------------------------------------------------------------------------------------

const RouteHello = message<M.RouteHello>({ frontEndId: someId, replicaId, replicaAddress: address })
const Ping = message<M.Ping>({
  ping: question,
  leaderEpoch: epoch,
  leaderId: nobodyOrReplica,
  clusterId: id,
  catalogueAddress: noneOrAddress,
})
const PlaceBatch = message<M.PlaceBatch>({ first: question, requests: list(LIMITS.frontEndPendingOrdersMax, OrderRequest) })
const OrderQuery = message<M.OrderQuery>({ query: question, number: measured, limit: integer(0, LIMITS.listingMax) })
const Pong = message<M.Pong>({
  ping: question,
  replicaId,
  role: words,
  epoch,
  canLead: yesOrNo,
  trouble: words,
  length: count,
  clusterId: id,
  catalogueAddress: noneOrAddress,
  tails: yesOrNo,
})
const PlaceOutcome = message<M.PlaceOutcome>({ id: measured, number: numberOrCode, replayed: yesOrNo })
const PlaceResult = message<M.PlaceResult>({ outcomes: list(LIMITS.outcomesMax, PlaceOutcome) })
const OrderAnswer = message<M.OrderAnswer>({ query: question, result: words, entries: list(LIMITS.listingMax, Entry) })
const Tail = message<M.Tail>({ tail: question, from: count })
const Tailed = message<M.Tailed>({ tail: question, from: count, entries: list(LIMITS.listingMax, Entry), published: count, generation })

const ROUTE = {
  FrontEndToReplica: message<M.FrontEndToReplica>({
    hello: optional(RouteHello),
    ping: optional(Ping),
    place: optional(PlaceBatch),
    query: optional(OrderQuery),
    invalidated: optional(StockChange),
    tail: optional(Tail),
  }),
  ReplicaToFrontEnd: message<M.ReplicaToFrontEnd>({
    pong: optional(Pong),
    result: optional(PlaceResult),
    answer: optional(OrderAnswer),
    invalidate: optional(StockChange),
    tailed: optional(Tailed),
  }),
}

// ---- Order.Replicate ---------------------------------------------------------------------------------------------

const ReplicateHello = message<M.ReplicateHello>({ leaderId: replicaId, epoch, generation, genesis: optional(Genesis) })
const Append = message<M.Append>({
  generation,
  from: count,
  entries: list(LIMITS.decisionsMax, Entry),
  digest,
  published: count,
  resting: yesOrNo,
})
const FollowerState = message<M.FollowerState>({ replicaId, length: count, digest })

const REPLICATE = {
  LeaderToFollower: message<M.LeaderToFollower>({
    hello: optional(ReplicateHello),
    append: optional(Append),
    forked: optional(Refusal),
  }),
  FollowerToLeader: message<M.FollowerToLeader>({ state: optional(FollowerState), refused: optional(Refusal) }),
}

// ---- status and seals --------------------------------------------------------------------------------------------

const FollowerView = message<M.FollowerView>({ address, state: words, length: count })

const STATUS = {
  IdentifyRequest: message<M.IdentifyRequest>({}),
  Identity: message<M.Identity>({ catalogueId: id, clusterId: id, generation }),
  SealRequest: message<M.SealRequest>({ generation, genesis: optional(Genesis), catalogueId: id }),
  SealResult: message<M.SealResult>({
    replicaId,
    clusterId: id,
    diskId: id,
    sealedGeneration: generation,
    length: count,
    digest,
    lastGeneration: generation,
    genesis: optional(Genesis),
  }),
  CatalogueStatus: message<M.CatalogueStatus>({
    process: optional(ProcessStatus),
    clusterId: id,
    generation,
    length: count,
    digest,
    published: count,
    sessions: list(LIMITS.frontEndsMax, LiveSession),
    batches: measured,
    requests: measured,
    state: words,
  }),
  ReplicaStatus: message<M.ReplicaStatus>({
    process: optional(ProcessStatus),
    replicaId,
    address,
    role: words,
    epoch,
    clusterId: id,
    diskId: id,
    sealedGeneration: generation,
    length: count,
    digest,
    published: count,
    followers: list(LIMITS.replicasMax, FollowerView),
    canLead: yesOrNo,
    trouble: words,
    batches: measured,
    leader: words,
    aloneMs: measured,
    aloneWhy: words,
  }),
}

const PARTS = {
  Entry,
  OrderRequest,
  Outcome,
  Stock,
  Genesis,
  LiveSession,
  LeadHello,
  TradeBatch,
  PublishRequest,
  ConfirmRequest,
  Refusal,
  LeadWelcome,
  Decided,
  Confirmed,
  SessionEnded,
  SessionHello,
  SessionRenew,
  StockQuery,
  SessionEnd,
  SessionGrant,
  StockAnswer,
  StockView,
  RouteHello,
  Ping,
  PlaceBatch,
  OrderQuery,
  Pong,
  PlaceResult,
  PlaceOutcome,
  StockChange,
  OrderAnswer,
  Tail,
  Tailed,
  ReplicateHello,
  Append,
  FollowerState,
  Adoption,
  ProcessStatus,
  FollowerView,
}

/** The rule of each message of the contract, by its name there. */
export const MESSAGE_RULES = { ...PARTS, ...SINGLE_CALLS, ...READS, ...LEAD, ...SESSION, ...ROUTE, ...REPLICATE, ...STATUS }

/** Says what is wrong with a message of this name, beginning with the field; undefined when nothing is. */
export function violationOf(name: string, value: object): string | undefined {
  const rule = (MESSAGE_RULES as unknown as Readonly<Record<string, Rule<object> | undefined>>)[name]
  if (!rule) throw new Error(`the contract has no message ${name}`)
  const wrong = rule(value)
  return wrong === undefined ? undefined : name + wrong
}
