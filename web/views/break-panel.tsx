import type { ControlAction, ControlledProcess } from '../../src/http/control.ts'
import { control, dialog, forMs, selected } from '../page.ts'
import type { Control } from '../control/control.ts'
import { Panel } from './panel.tsx'

const SPELLS: readonly (readonly [string, number | undefined])[] = [
  ['until restarted', undefined],
  ['for 10 s', 10_000],
  ['for 30 s', 30_000],
]

const STATES: Readonly<Record<ControlledProcess['state'], string>> = {
  running: '● runs',
  paused: '‖ paused',
  starting: '… starts',
  'backing-off': '✕ killed',
  stopped: '■ stopped',
}

const Spell = () => (
  <fieldset class="spell">
    <legend>It stays so</legend>
    {SPELLS.map(([words, ms]) => (
      <label key={words}>
        <input type="radio" name="spell" checked={forMs.value === ms} onChange={() => (forMs.value = ms)} />
        <span>{words}</span>
      </label>
    ))}
  </fieldset>
)

const Row = ({ process, port }: { readonly process: ControlledProcess; readonly port: Control }) => {
  const { name, state, restarts } = process
  const button = (action: ControlAction, ms?: number) => (
    <button type="button" aria-label={`${action} ${name}`} onClick={() => void port.act(name, action, ms)}>
      {action}
    </button>
  )
  return (
    <tr class={selected.value === name ? 'selected' : ''}>
      <th scope="row">
        <button
          type="button"
          class="quiet"
          aria-pressed={selected.value === name}
          onClick={() => (selected.value = selected.value === name ? undefined : name)}
        >
          {name}
        </button>
      </th>
      <td class={`state ${state}`} title={`${restarts} restarts`}>
        {STATES[state]}
      </td>
      <td class="actions">
        {button('kill', forMs.value)}
        {state === 'paused' ? button('resume') : button('pause', forMs.value)}
        {button('restart')}
      </td>
    </tr>
  )
}

const Buttons = ({ port }: { readonly port: Control }) => (
  <>
    <div class="big">
      <button type="button" class="danger" onClick={() => void port.act('leader', 'kill', forMs.value)}>
        Kill the leader <kbd>K</kbd>
      </button>
      <button type="button" class="danger loud" onClick={() => (dialog.value = 'everything')}>
        Kill EVERYTHING <kbd>⇧K</kbd>
      </button>
      <button type="button" onClick={() => void port.act('random', 'kill', forMs.value)}>
        Kill a random replica
      </button>
    </div>
    <Spell />
    <table>
      <caption class="unseen">All processes, and what can be done to them</caption>
      <tbody>
        {port.processes.value.map((process) => (
          <Row key={process.name} process={process} port={port} />
        ))}
      </tbody>
    </table>
    <p class="said" role="status">
      {port.isOpen.value ? port.said.value || 'Orders go on meanwhile: watch lost and doubled.' : 'The supervisor does not answer.'}
    </p>
  </>
)

/** The buttons that break things. They are there for those whom the supervisor gave its token. */
export const BreakPanel = () => (
  <Panel id="break" title="Break it">
    {control ? (
      <Buttons port={control} />
    ) : (
      <p class="empty">
        This page cannot break anything, since it does not have the token of a supervisor. <code>npm start</code> prints an address with it,
        and keeps that as <code>url</code> in <code>control.json</code> of its data folder. Open that one, on the machine where it runs.
      </p>
    )}
  </Panel>
)
