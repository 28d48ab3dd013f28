import { computed } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { OrderRow } from '../../src/http/live.ts'
import { filter, isTapeHeld, live, witness } from '../page.ts'
import { copiesIn } from '../live/health.ts'
import { duration, grouped, timeOfDay } from '../words.ts'
import { Panel } from './panel.tsx'

/** How many orders the tape shows. */
const ROWS = 14

/** A log, and how many orders it holds. */
interface Copy {
  readonly name: string
  readonly length: number
}

/** All logs as one text, so that the tape is drawn anew only when they change. */
const copiesText = computed(() =>
  JSON.stringify(copiesIn(live.state.value?.processes ?? []).map(({ name, length }): Copy => ({ name, length }))),
)

/** Shows on which disks an order is known to be: one mark for each log. */
const Disks = ({ number, copies }: { readonly number: number; readonly copies: readonly Copy[] }) => {
  const on = copies.map(({ name, length }) => ({ name, has: length > number }))
  const holders = on.filter(({ has }) => has).map(({ name }) => name)
  const words = holders.length === 0 ? 'not yet known' : `on ${holders.length} of ${copies.length}: ${holders.join(', ')}`
  return (
    <span class="disks" title={words}>
      <span class="unseen">{words}</span>
      {on.map(({ name, has }) => (
        <i key={name} class={has ? 'has' : ''} aria-hidden="true" />
      ))}
    </span>
  )
}

const Row = ({ row, copies }: { readonly row: OrderRow; readonly copies: readonly Copy[] }) => {
  const [number, name, type, quantity, timeMs] = row
  const own = witness.orderWith(number)
  return (
    <tr>
      <td class="number">#{grouped(number)}</td>
      <td class={`side ${type}`}>
        <span aria-hidden="true">{type === 'buy' ? '▲' : '▼'}</span> {type}
      </td>
      <td class="number">{grouped(quantity)}</td>
      <td class="stock">{name}</td>
      <td class="dim">{timeOfDay(timeMs)}</td>
      <td class="number">{own?.ackMs === undefined ? '' : `yours, ${duration(own.ackMs)}`}</td>
      <td>
        <Disks number={number} copies={copies} />
      </td>
    </tr>
  )
}

const Rows = () => {
  const held = useRef<readonly OrderRow[]>([])
  if (!isTapeHeld.value) held.current = live.tape.value
  const words = filter.value.trim().toLowerCase()
  const rows = held.current.filter(([, name]) => name.toLowerCase().includes(words)).slice(0, ROWS)
  const copies = JSON.parse(copiesText.value) as readonly Copy[]
  if (rows.length === 0) {
    return <p class="empty">{words === '' ? 'No orders yet. The ticket places one.' : `No order of “${filter.value}” among the latest.`}</p>
  }
  return (
    <table>
      <caption class="unseen">The latest orders, newest first</caption>
      <thead>
        <tr>
          <th scope="col" class="number">
            order
          </th>
          <th scope="col">side</th>
          <th scope="col" class="number">
            shares
          </th>
          <th scope="col">stock</th>
          <th scope="col">decided</th>
          <th scope="col" class="number">
            latency
          </th>
          <th scope="col">disks</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row[0]} row={row} copies={copies} />
        ))}
      </tbody>
    </table>
  )
}

/** The latest published orders. */
export const TapePanel = () => (
  <Panel
    id="tape"
    title="Orders"
    aside={
      <button type="button" aria-pressed={isTapeHeld.value} onClick={() => (isTapeHeld.value = !isTapeHeld.value)}>
        {isTapeHeld.value ? '▶ go on' : '‖ hold'} <kbd>Space</kbd>
      </button>
    }
  >
    <Rows />
  </Panel>
)
