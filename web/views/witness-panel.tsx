import { health, live, witness } from '../page.ts'
import { copiesOf } from '../live/health.ts'
import { duration, grouped } from '../words.ts'
import { Panel } from './panel.tsx'

const Counts = () => {
  const counts = witness.counts.value
  if (!counts) {
    return (
      <p class="empty">
        This browser can place orders of its own, one share sold, one bought. It repeats what was cut off, reads each order again, and
        counts.
      </p>
    )
  }
  const { acknowledged, there, underWay, repeated, refused, lost, doubled, longestMs } = counts
  return (
    <dl class="counts">
      <div class={lost === 0 ? 'good' : 'bad'}>
        <dt>lost</dt>
        <dd>
          {lost === 0 ? '✓' : '✕'} {grouped(lost)}
        </dd>
      </div>
      <div class={doubled === 0 ? 'good' : 'bad'}>
        <dt>doubled</dt>
        <dd>
          {doubled === 0 ? '✓' : '✕'} {grouped(doubled)}
        </dd>
      </div>
      <div>
        <dt>acknowledged</dt>
        <dd>{grouped(acknowledged)}</dd>
      </div>
      <div>
        <dt>read again, there</dt>
        <dd>{grouped(there)}</dd>
      </div>
      <div>
        <dt>under way</dt>
        <dd>{grouped(underWay)}</dd>
      </div>
      <div>
        <dt>repeated</dt>
        <dd>{grouped(repeated)}</dd>
      </div>
      <div>
        <dt>refused</dt>
        <dd>{grouped(refused)}</dd>
      </div>
      <div>
        <dt>longest wait</dt>
        <dd>{longestMs > 0 ? duration(longestMs) : '–'}</dd>
      </div>
    </dl>
  )
}

const Verdict = () => {
  const verdict = witness.verdict.value
  const state = live.state.value
  const copies = state && health.value.mood !== 'bad' ? copiesOf(state) : undefined
  if (!verdict) return null
  const digests = copies?.mood === 'good' ? ` One digest in ${copies.words.split(' ')[0]} files.` : ''
  return (
    <p class={`verdict ${verdict.isGood ? 'good' : 'bad'}`} role="status">
      <span aria-hidden="true">{verdict.isGood ? '✓' : '✕'}</span> {verdict.words}
      {digests}
    </p>
  )
}

/** Shows what the browser has seen with its own orders. */
export const WitnessPanel = () => (
  <Panel id="witness" title="The browser as witness">
    <div class="row">
      <button
        type="button"
        class={witness.isOn.value ? '' : 'primary'}
        onClick={() => (witness.isOn.value ? witness.stop() : witness.start())}
      >
        {witness.isOn.value ? 'Stop' : 'Place orders'}
      </button>
      <button type="button" disabled={!witness.counts.value || witness.isReading.value} onClick={() => void witness.readAll()}>
        {witness.isReading.value ? 'Reading…' : 'Read all again'}
      </button>
    </div>
    <Counts />
    <Verdict />
  </Panel>
)
