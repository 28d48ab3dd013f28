import { computed, signal } from '@preact/signals'
import { live } from '../page.ts'
import { curlLine, newKey, ordersApi, type OrderWords, type PlacedAnswer } from '../witness/orders-api.ts'
import { duration, grouped } from '../words.ts'
import { Panel } from './panel.tsx'

const NAMES_MAX = 200
const name = signal('')
const quantity = signal('5')
const side = signal<OrderWords['type']>('buy')
const key = signal(newKey('page'))
const said = signal<readonly { readonly words: string; readonly mood: string }[]>([])
const isBusy = signal(false)

const order = computed((): OrderWords => ({ name: name.value.trim(), type: side.value, quantity: Number(quantity.value) }))

function words(answer: PlacedAnswer, ms: number): { readonly words: string; readonly mood: string } {
  if (answer.kind === 'placed') {
    const again = answer.replayed ? ': the same order, carried out once' : ''
    return { words: `✓ order ${grouped(answer.number)} in ${duration(ms)}${again}`, mood: 'good' }
  }
  if (answer.kind === 'refused') return { words: `✕ refused: ${answer.why}`, mood: 'bad' }
  return { words: `▲ ${answer.why}. It may have been placed. Place it again with the same key: it is carried out once.`, mood: 'warn' }
}

async function send(): Promise<PlacedAnswer> {
  const beganMs = performance.now()
  const answer = await ordersApi.place(order.value, key.value)
  said.value = [...said.value, words(answer, performance.now() - beganMs)]
  return answer
}

async function submit(times: number): Promise<void> {
  isBusy.value = true
  said.value = []
  const answers: PlacedAnswer[] = []
  for (let at = 0; at < times; at += 1) answers.push(await send())
  const numbers = new Set(answers.flatMap((answer) => (answer.kind === 'placed' ? [answer.number] : [])))
  if (times > 1 && numbers.size === 1) said.value = [...said.value, { words: '✓ sent twice, one number', mood: 'good' }]
  if (numbers.size > 1) said.value = [...said.value, { words: '✕ one key, two numbers: it was carried out twice', mood: 'bad' }]
  // A key whose order may have been placed is kept, so that the next try repeats that order.
  if (answers.every(({ kind }) => kind !== 'unknown')) key.value = newKey('page')
  isBusy.value = false
}

async function copyCurl(): Promise<void> {
  const line = curlLine(location.origin, order.value, key.value)
  try {
    await navigator.clipboard.writeText(line)
    said.value = [{ words: '✓ copied', mood: 'good' }]
  } catch {
    said.value = [{ words: line, mood: '' }]
  }
}

const Names = () => {
  void live.stocksChanges.value
  if (name.value === '') name.value = live.stocks.all()[0]?.[0] ?? ''
  const names = live.stocks.all().slice(0, NAMES_MAX)
  return (
    <datalist id="names">
      {names.map(([each]) => (
        <option key={each} value={each} />
      ))}
    </datalist>
  )
}

const Fields = () => (
  <div class="fields">
    <label>
      <span>stock</span>
      <input
        list="names"
        value={name.value}
        onInput={(event) => (name.value = event.currentTarget.value)}
        autocomplete="off"
        spellcheck={false}
        required
      />
    </label>
    <label>
      <span>shares</span>
      <input
        type="number"
        min="1"
        step="1"
        value={quantity.value}
        onInput={(event) => (quantity.value = event.currentTarget.value)}
        required
      />
    </label>
    <fieldset class="sides">
      <legend>side</legend>
      {(['buy', 'sell'] as const).map((each) => (
        <label key={each} class={each}>
          <input type="radio" name="side" checked={side.value === each} onChange={() => (side.value = each)} />
          <span>
            {each === 'buy' ? '▲' : '▼'} {each}
          </span>
        </label>
      ))}
    </fieldset>
  </div>
)

/** A form that places one order, and shows the key that makes repeating it safe. */
export const TicketPanel = () => (
  <Panel id="ticket" title="Trade">
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void submit(1)
      }}
    >
      <Fields />
      <Names />
      <p class="key">
        Idempotency-Key <code>{key.value}</code>{' '}
        <button type="button" class="quiet" onClick={() => (key.value = newKey('page'))}>
          new key
        </button>
      </p>
      <div class="row">
        <button type="submit" class="primary" disabled={isBusy.value}>
          Place
        </button>
        <button type="button" disabled={isBusy.value} onClick={() => void submit(2)}>
          Send twice
        </button>
        <button type="button" onClick={() => void copyCurl()}>
          Copy as curl
        </button>
      </div>
    </form>
    <div class="said" role="status">
      {said.value.map((line, at) => (
        <p key={at} class={line.mood}>
          {line.words}
        </p>
      ))}
    </div>
  </Panel>
)
