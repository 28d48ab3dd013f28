import { computed, signal, useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { StockRow } from '../../src/http/live.ts'
import { filter, live } from '../page.ts'
import { found, rowsInSight, sparkline, type SortBy } from '../live/stock-levels.ts'
import { dollars, grouped } from '../words.ts'
import { Panel } from './panel.tsx'

const ROW_PX = 32
const SPARK = { width: 72, height: 18 }
const COLUMNS: readonly (readonly [by: SortBy, words: string])[] = [
  ['name', 'stock'],
  ['price', 'price'],
  ['available', 'available'],
  ['volume', 'traded'],
]

const sortBy = signal<SortBy>('name')
/** The names in the cache as one text, so that the table is drawn anew only when they change. */
const cachedNames = computed(() => live.state.value?.cache.names.join('\n') ?? '')

const Row = ({ row, at, isCached }: { readonly row: StockRow; readonly at: number; readonly isCached: boolean }) => {
  const [name, price, available, volume] = row
  const path = sparkline(live.stocks.movesOf(name, Date.now()), SPARK.width, SPARK.height)
  return (
    <div class="tr" role="row" aria-rowindex={at + 2} style={{ top: `${at * ROW_PX}px`, height: `${ROW_PX}px` }}>
      <span role="cell" class="stock">
        {name}
      </span>
      <span role="cell">{dollars(price)}</span>
      <span role="cell">{grouped(available)}</span>
      <span role="cell">{grouped(volume)}</span>
      <span role="cell">
        {path && (
          <svg
            class="spark"
            viewBox={`-1 -1 ${SPARK.width + 2} ${SPARK.height + 2}`}
            width={SPARK.width}
            height={SPARK.height}
            aria-hidden="true"
          >
            <path d={path} />
          </svg>
        )}
      </span>
      <span role="cell" class="cached">
        {isCached ? '● cached' : ''}
      </span>
    </div>
  )
}

const Table = ({ rows, cached }: { readonly rows: readonly StockRow[]; readonly cached: ReadonlySet<string> }) => {
  const scrolledPx = useSignal(0)
  const heightPx = useSignal(320)
  const body = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => (heightPx.value = body.current?.clientHeight ?? 320))
    if (body.current) watch.observe(body.current)
    return () => watch.disconnect()
  }, [])
  const { first, end } = rowsInSight(rows.length, { rowPx: ROW_PX, heightPx: heightPx.value, scrolledPx: scrolledPx.value })
  return (
    <div class="table" role="table" aria-label="Stocks" aria-rowcount={rows.length + 1}>
      <div class="tr head" role="row" aria-rowindex={1}>
        {COLUMNS.map(([by, words]) => (
          <span key={by} role="columnheader" aria-sort={sortBy.value !== by ? 'none' : by === 'name' ? 'ascending' : 'descending'}>
            <button type="button" class="quiet" onClick={() => (sortBy.value = by)}>
              {words} {sortBy.value === by ? (by === 'name' ? '▲' : '▼') : ''}
            </button>
          </span>
        ))}
        <span role="columnheader">last minute</span>
        <span role="columnheader">cache</span>
      </div>
      <div
        class="body scrolls"
        ref={body}
        role="rowgroup"
        tabIndex={0}
        onScroll={(event) => (scrolledPx.value = event.currentTarget.scrollTop)}
      >
        <div role="presentation" style={{ height: `${rows.length * ROW_PX}px` }}>
          {rows.slice(first, end).map((row, at) => (
            <Row key={row[0]} row={row} at={first + at} isCached={cached.has(row[0])} />
          ))}
        </div>
      </div>
    </div>
  )
}

const Rows = () => {
  void live.stocksChanges.value
  const rows = found(live.stocks.all(), filter.value, sortBy.value)
  const cached = new Set(cachedNames.value.split('\n'))
  if (rows.length === 0)
    return <p class="empty">{live.stocks.size === 0 ? 'No stocks yet.' : `No stock is called like “${filter.value}”.`}</p>
  return <Table rows={rows} cached={cached} />
}

const Count = () => {
  void live.stocksChanges.value
  return <span class="dim">{grouped(live.stocks.size)}</span>
}

/** All stocks, of which only those in sight are drawn. No HTML table can have rows left out, so the roles are written out. */
export const StocksPanel = () => (
  <Panel
    id="stocks"
    title="Stocks"
    aside={
      <>
        <Count />
        <input
          id="filter"
          type="search"
          aria-label="Filter stocks and orders by name"
          placeholder="filter  /"
          value={filter.value}
          onInput={(event) => (filter.value = event.currentTarget.value)}
        />
      </>
    }
  >
    <Rows />
  </Panel>
)
