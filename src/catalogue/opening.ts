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
import type { LedgerHead } from '../storage/ledger.ts'

/** The single calls that a catalogue answers once its ledger is open. */
export interface CatalogueCalls {
  lookup(name: string): Promise<LookupResult>
  trade(request: TradeStockName): Promise<TradeResult>
  read(request: ReadRequest, asker: Asker): Promise<Entries>
  confirm(): Promise<Published>
  origin(): Adoption
  recall(request: RecallRequest): Promise<Recalled>
  status(): CatalogueStatus
}

/** A catalogue's services once its ledger is open. */
export interface OpenCatalogue {
  /** The end of its ledger. */
  head(): LedgerHead
  readonly calls: CatalogueCalls
  lead(stream: ServedStream<CatalogueToLeader>): StreamHandlers<LeaderToCatalogue>
  session(stream: ServedStream<CatalogueToFrontEnd>): StreamHandlers<FrontEndToCatalogue>
}

/** A catalogue whose ledger is open, as its process starts and ends it. */
export interface StartedCatalogue extends OpenCatalogue {
  /** For the log. */
  readonly summary: { readonly generation: number; readonly length: number; readonly unpublished: number }
  /** Waits until the catalogue may work, and starts the work that it does by itself. */
  open(): Promise<void>
  close(): Promise<void>
}

const OPENING = 'the catalogue opens its ledger; its log says whether it waits for a replica'

/**
 * The catalogue's services from its start on. It tells its id at once. Replicas ask for the id before they let the catalogue
 * look into them, which it may have to do before its ledger is open. All other calls wait for the ledger.
 */
export function servicesFromTheStart(catalogueId: string, opened: () => OpenCatalogue | undefined): Services {
  const calls = async (): Promise<CatalogueCalls> => {
    const catalogue = opened()
    if (!catalogue) throw new RpcError('UNAVAILABLE', OPENING)
    return catalogue.calls
  }
  return {
    unary: {
      'Catalog.Identify': async () => {
        const head = opened()?.head()
        return { catalogueId, clusterId: head?.genesis.clusterId ?? '', generation: head?.generation ?? 0 }
      },
      'Catalog.Lookup': async ({ stockName }) => (await calls()).lookup(stockName),
      'Catalog.Trade': async (request) => (await calls()).trade(request),
      'Catalog.Read': async (request, asker) => (await calls()).read(request, asker),
      'Catalog.Confirm': async () => (await calls()).confirm(),
      'Catalog.Origin': async () => (await calls()).origin(),
      'Catalog.Recall': async (request) => (await calls()).recall(request),
      'Catalog.Status': async () => (await calls()).status(),
    },
    serverStreams: {},
    streams: {
      'Catalog.Lead': (stream) => opened()?.lead(stream) ?? turnedAway(stream, () => stream.send({ refused: refusal(OPENING) })),
      'Catalog.Session': (stream) => opened()?.session(stream) ?? turnedAway(stream, () => {}),
    },
  }
}

/** A stream that ends with its first message, once `say` has said why. */
export const turnedAway = (stream: MessageStream<never>, say: () => void): StreamHandlers<object> => ({
  message: () => {
    say()
    stream.close()
  },
  closed: () => {},
})
