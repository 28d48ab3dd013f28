// Generated from proto/stockbazaar.proto by `npm run generate`; do not edit.
import type {
  Adoption,
  CatalogueStatus,
  CatalogueToFrontEnd,
  CatalogueToLeader,
  ConfirmPublished,
  Entries,
  FollowerToLeader,
  FollowersAssigned,
  FollowersResult,
  FrontEndToCatalogue,
  FrontEndToReplica,
  IdentifyRequest,
  Identity,
  LeaderToCatalogue,
  LeaderToFollower,
  LookupOrderNum,
  LookupOrderNumResult,
  LookupResult,
  LookupStockName,
  OriginRequest,
  PropagateOrderNum,
  PropagateResult,
  Published,
  ReadRequest,
  RecallRequest,
  Recalled,
  ReplicaStatus,
  ReplicaToFrontEnd,
  RequestResult,
  RequestStockName,
  SealRequest,
  SealResult,
  StatusRequest,
  SynchronizeTransNum,
  TradeResult,
  TradeStockName,
  TransNumInfo,
} from './messages.ts'

export interface UnaryMethods {
  'Catalog.Lookup': { request: LookupStockName; response: LookupResult }
  'Catalog.Trade': { request: TradeStockName; response: TradeResult }
  'Catalog.Read': { request: ReadRequest; response: Entries }
  'Catalog.Confirm': { request: ConfirmPublished; response: Published }
  'Catalog.Origin': { request: OriginRequest; response: Adoption }
  'Catalog.Recall': { request: RecallRequest; response: Recalled }
  'Catalog.Status': { request: StatusRequest; response: CatalogueStatus }
  'Catalog.Identify': { request: IdentifyRequest; response: Identity }
  'Order.Request': { request: RequestStockName; response: RequestResult }
  'Order.Lookup': { request: LookupOrderNum; response: LookupOrderNumResult }
  'Order.Propagate': { request: PropagateOrderNum; response: PropagateResult }
  'Order.AssignFollowers': { request: FollowersAssigned; response: FollowersResult }
  'Order.Read': { request: ReadRequest; response: Entries }
  'Order.Seal': { request: SealRequest; response: SealResult }
  'Order.Status': { request: StatusRequest; response: ReplicaStatus }
}

export interface ServerStreamMethods {
  'Order.Synchronize': { request: SynchronizeTransNum; response: TransNumInfo }
}

export interface StreamMethods {
  'Catalog.Lead': { request: LeaderToCatalogue; response: CatalogueToLeader }
  'Catalog.Session': { request: FrontEndToCatalogue; response: CatalogueToFrontEnd }
  'Order.Route': { request: FrontEndToReplica; response: ReplicaToFrontEnd }
  'Order.Replicate': { request: LeaderToFollower; response: FollowerToLeader }
}
