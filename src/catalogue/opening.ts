import type { Asker } from '../runtime/gate.ts'
import type { MessageStream, ServedStream, Services, StreamHandlers } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { refusal } from '../wire/refusal.ts'
import type {
  Adoption,
  CatalogueStatus,
  CatalogueToFrontEnd,
  CatalogueToLeader,
  Entries,
  FrontEndToCatalogue,
  LeaderToCatalogue,
  LookupResult,
  Published,
  ReadRequest,
  Recalled,
  RecallRequest,
  TradeResult,
  TradeStockName,
} from '../wire/messages.ts'

/** What a catalogue answers once its ledger is open. */
export interface OpenCatalogue {
  readonly clusterId: string
  readonly generation: number
  lookup(name: string): Promise<LookupResult>
  trade(request: TradeStockName): Promise<TradeResult>
  read(request: ReadRequest, asker: Asker): Promise<Entries>
  confirm(): Promise<Published>
  origin(): Adoption
  recall(request: RecallRequest): Promise<Recalled>
  status(): CatalogueStatus
  lead(stream: ServedStream<CatalogueToLeader>): StreamHandlers<LeaderToCatalogue>
  session(stream: ServedStream<CatalogueToFrontEnd>): StreamHandlers<FrontEndToCatalogue>
}

const OPENING = 'the catalogue opens its ledger; its log says whether it waits for a replica'

/**
 * The catalogue's services from its start on. Who it is it tells at once: replicas ask that before they let it look into
 * them, and it may have to do so before its ledger is open. All else waits for the ledger.
 */
export function servicesFromTheStart(catalogueId: string, opened: () => OpenCatalogue | undefined): Services {
  const open = async (): Promise<OpenCatalogue> => {
    const catalogue = opened()
    if (!catalogue) throw new RpcError('UNAVAILABLE', OPENING)
    return catalogue
  }
  return {
    unary: {
      'Catalog.Identify': async () => ({
        catalogueId,
        clusterId: opened()?.clusterId ?? '',
        generation: opened()?.generation ?? 0,
      }),
      'Catalog.Lookup': async ({ stockName }) => (await open()).lookup(stockName),
      'Catalog.Trade': async (request) => (await open()).trade(request),
      'Catalog.Read': async (request, asker) => (await open()).read(request, asker),
      'Catalog.Confirm': async () => (await open()).confirm(),
      'Catalog.Origin': async () => (await open()).origin(),
      'Catalog.Recall': async (request) => (await open()).recall(request),
      'Catalog.Status': async () => (await open()).status(),
    },
    serverStreams: {},
    streams: {
      'Catalog.Lead': (stream) => opened()?.lead(stream) ?? turnedAway(stream, () => stream.send({ refused: refusal(OPENING) })),
      'Catalog.Session': (stream) => opened()?.session(stream) ?? turnedAway(stream, () => {}),
    },
  }
}

/** A stream that ends with its first message. */
const turnedAway = (stream: MessageStream<never>, say: () => void): StreamHandlers<object> => ({
  message: () => {
    say()
    stream.close()
  },
  closed: () => {},
})
