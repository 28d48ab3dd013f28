import { writeFileSync } from 'node:fs'
import { readOpeningStocks } from '../../src/cli/opening-stocks.ts'
import { OPENING_CATALOGUE, type Stock } from '../../src/domain/stock.ts'

const WIDE = 10_000

/** The ten stocks that every workload knows, and many more. */
export const WIDE_CATALOGUE: readonly Stock[] = [
  ...OPENING_CATALOGUE,
  ...Array.from({ length: WIDE - OPENING_CATALOGUE.length }, (_, at) => ({
    name: `stock-${at}`,
    priceCents: 100 + at,
    quantity: 1_000,
    volume: 100,
  })),
]

/** Writes stocks to a file that every system of a run reads. */
export function writeStocks(path: string, stocks: readonly Stock[]): void {
  writeFileSync(path, JSON.stringify(stocks.map(({ priceCents, ...stock }) => ({ ...stock, price: priceCents / 100 }))))
}

/** Returns the stocks that a peer offers: those of its file, or else the usual ones. */
export const stocksOf = (path: string | undefined): readonly Stock[] => (path === undefined ? OPENING_CATALOGUE : readOpeningStocks(path))
