import { LIMITS } from '../domain/limits.ts'
import {
  address,
  count,
  entryText,
  fingerprint,
  generation,
  measured,
  nameInRequest,
  numberOrCode,
  position,
  recordedKey,
  shares,
  someId,
  stockName,
  tradeType,
  words,
} from './field-rules.ts'
import type * as M from './messages.ts'
import { integer, list, message, optional, yesOrNo } from './rules.ts'

// These are the rules of messages that are parts of several others.

export const Entry = message<M.Entry>({
  number: count,
  generation,
  key: entryText,
  fingerprint: entryText,
  name: stockName,
  type: tradeType,
  quantity: integer(1, LIMITS.orderQuantityMax),
  timeMs: integer(0, LIMITS.timeMsMax),
})
export const OrderRequest = message<M.OrderRequest>({
  key: recordedKey,
  fingerprint,
  name: nameInRequest,
  type: tradeType,
  quantity: integer(0, LIMITS.orderQuantityMax),
})
export const Outcome = message<M.Outcome>({ number: numberOrCode, position: count, replayed: yesOrNo })
export const Stock = message<M.Stock>({ name: stockName, priceCents: shares, quantity: shares, volume: shares })
export const Genesis = message<M.Genesis>({ clusterId: someId, stocks: list(LIMITS.stocksMax, Stock) }, distinctNames)
export const LiveSession = message<M.LiveSession>({ frontEndId: someId, address })
export const Adoption = message<M.Adoption>({ generation, genesis: optional(Genesis) })
export const Refusal = message<M.Refusal>({ why: words, differs: yesOrNo, lacksMuch: yesOrNo, adopt: optional(Adoption) })
export const StockChange = message<M.StockChange>({ names: list(LIMITS.stocksMax, stockName), number: position })
export const ProcessStatus = message<M.ProcessStatus>({
  pid: measured,
  uptimeMs: measured,
  memoryBytes: measured,
  cpuMicroseconds: measured,
})

/** Complains when two stocks have one name, which no file can hold, or when the stocks do not fit in one message. */
function distinctNames({ stocks }: M.Genesis): string | undefined {
  const names = new Set<string>()
  let bytes = 0
  for (const { name } of stocks) {
    if (names.has(name)) return `.stocks has ${JSON.stringify(name)} twice`
    names.add(name)
    bytes += Buffer.byteLength(name)
  }
  return bytes <= LIMITS.stockNamesBytesMax ? undefined : `.stocks has names of ${bytes} bytes, and may have ${LIMITS.stockNamesBytesMax}`
}
