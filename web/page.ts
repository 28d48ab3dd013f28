import { computed, signal } from '@preact/signals'
import { takeAccess } from './control/access.ts'
import { Control } from './control/control.ts'
import { healthOf } from './live/health.ts'
import { LiveModel } from './live/model.ts'
import { WitnessRun } from './witness/run.ts'

/** Everything that the parts of the page share. There is one page in a tab. */
export const live = new LiveModel(() => Date.now())

const access = takeAccess()
/** undefined where `bazaar up` did not open this page. */
export const control = access && new Control(access, (event) => live.applyControl(event))

export const health = computed(() => healthOf(live.connection.value, live.state.value))

export const witness = new WitnessRun({
  cluster: () => live.cluster.value,
  stock: () => live.stocks.fullest(),
  isTrading: () => live.connection.value === 'open' && live.state.value?.trading === true,
})

/** The process that keys act on; undefined: the leader. */
export const selected = signal<string | undefined>(undefined)
/** For how long a killed or paused process stays so; undefined: until somebody ends it, or the supervisor does. */
export const forMs = signal<number | undefined>(undefined)
/** Words that the names of stocks have to hold, in the table and on the tape. */
export const filter = signal('')
export const isTapeHeld = signal(false)
export const dialog = signal<'everything' | 'keys' | undefined>(undefined)

/** Kills everything with the witness's orders under way, and reads all of them afterwards. */
export function killEverything(): void {
  if (control) void witness.trial(() => control.act('all', 'kill', forMs.value))
}
