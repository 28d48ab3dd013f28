import type { Step } from './checker.ts'
import { connected, decided, died, lookedInto, started } from './catalogue.ts'
import { askedAgain, forgiving, told } from './promise.ts'
import { extended, marked, repaired, serves } from './replicas.ts'
import type { Rules } from './rules.ts'
import { encode, keysOf, lengthOf, spend, withKey, withReplica, type Late, type Ledger, type Replica, type State } from './state.ts'

/** Orders that clients place, each as often as they like. */
const ORDERS: readonly string[] = ['A', 'B']

/** Returns everything that may happen next. Everything but faults happens as often as it can. */
export function steps(rules: Rules, state: State): readonly Step<State>[] {
  if (state.broken !== undefined) return []
  const found = [
    ...catalogueSteps(rules, state),
    ...state.replicas.flatMap((_, at) => replicaSteps(rules, state, at)),
    ...faults(rules, state),
  ]
  return found.map(({ event, state: after }) => ({ event, state: simplified(rules, told(rules, marked(after))) }))
}

/** Forgets what can have no effect any more, so that fewer states differ. */
function simplified(rules: Rules, state: State): State {
  const { replicas, published, settledAt } = state
  const isIdle = ({ generation, log }: Late, to: readonly Replica[]): boolean =>
    to.every(
      (replica) => (rules.refuseStale && replica.sealed > generation) || (replica.log.startsWith(log) && replica.sealed >= generation),
    )
  const simple = replicas.map((replica) => {
    const { lead, late } = replica
    const isOver = lead !== undefined && !lead.live && isIdle({ generation: lead.generation, log: lead.sent }, replicas)
    const leads = lead && serves(replica, published) ? { ...lead, until: 0 } : lead
    return { ...replica, lead: isOver ? undefined : leads, late: late && isIdle(late, [replica]) ? undefined : late }
  })
  return { ...state, replicas: simple, settledAt: settledAt <= published ? 0 : settledAt }
}

function catalogueSteps(rules: Rules, state: State): Step<State>[] {
  const { open, cached, synced, budget, replicas } = state
  if (!open) {
    const mayStart = (cached?.generation ?? 0) < budget.generations
    const after = mayStart ? started(rules, state) : state
    return after === state ? [] : [{ event: 'the catalogue starts', state: after }]
  }
  const looks = replicas.flatMap(({ unread, reached }, at) =>
    unread && reached ? [{ event: `the catalogue looks into replica ${at}`, state: lookedInto(state, at) }] : [],
  )
  return cached === synced ? looks : [...looks, { event: 'the catalogue syncs', state: { ...state, synced: cached } }]
}

function replicaSteps(rules: Rules, state: State, at: number): Step<State>[] {
  const { open, cached, replicas } = state
  const replica = replicas[at]
  if (!replica) return []
  const { lead, late, log, sealed, reached } = replica
  const found: Step<State>[] = []
  const add = (event: string, after: State | undefined): void => void (after && found.push({ event, state: after }))
  if (open && cached && reached) {
    if (!lead?.live) add(`replica ${at} is elected, and greets the catalogue`, connected(state, at))
    const repair = lead?.live ? undefined : repaired(replica, cached)
    add(`replica ${at} gives up its tail`, repair && withReplica(state, at, repair))
  }
  if (lead && lead.sent !== log) {
    const own = extended(rules, replica, lead.generation, lead.sent)
    add(`replica ${at} writes what it was sent`, own ? withReplica(state, at, own) : withReplica(state, at, { lead: undefined }))
  }
  if (lead) found.push(...sendingSteps(rules, state, at))
  if (late) {
    const got = extended(rules, replica, late.generation, late.log)
    add(`replica ${at} gets, late, ${late.log} of generation ${late.generation}`, withReplica(state, at, { ...got, late: undefined }))
  }
  if (open && cached && lead?.live && lead.generation === cached.generation && sealed === cached.generation) {
    found.push(...leaderSteps(rules, state, cached, at))
  }
  return found
}

/** A leader sends its followers what it was sent, before or after it writes that itself. It need not be heard by the catalogue. */
function sendingSteps(rules: Rules, state: State, at: number): Step<State>[] {
  const { replicas, budget } = state
  const lead = replicas[at]?.lead
  if (!lead) return []
  const { generation, sent: log } = lead
  return replicas.flatMap((to, other) => {
    if (other === at) return []
    const got = extended(rules, to, generation, log)
    const isNews = got && (got.log !== undefined || got.sealed !== to.sealed)
    const now = isNews ? [{ event: `replica ${at} sends to ${other}`, state: withReplica(state, other, got) }] : []
    if (budget.lates === 0 || to.log === log || to.late) return now
    const later = withReplica(spend(state, 'lates'), other, { late: { generation, log } })
    return [...now, { event: `replica ${at} sends to ${other}, and that will be late`, state: later }]
  })
}

/** Returns what the catalogue may do for a leader that it hears. */
function leaderSteps(rules: Rules, state: State, ledger: Ledger, at: number): Step<State>[] {
  const found: Step<State>[] = []
  const replica = state.replicas[at]
  if (!replica?.lead) return found
  const held = Math.min(lengthOf(replica.log), lengthOf(replica.lead.sent))
  const position = rules.publishWhenSynced ? Math.min(held, lengthOf(state.synced?.log ?? '')) : held
  if (position > state.published) {
    found.push({ event: `the catalogue publishes ${position} for replica ${at}`, state: { ...state, published: position } })
  }
  if (!serves(replica, state.published)) return found
  for (const key of ORDERS) {
    if (!isNext(state, key)) continue
    if (keysOf(ledger.log).includes(key) || ledger.rejected.includes(key)) continue
    const accepted = { ...ledger, log: `${ledger.log}${key}${ledger.generation}` }
    const rejected = { ...ledger, rejected: withKey(ledger.rejected, key) }
    found.push({ event: `order ${key} is accepted`, state: decided(rules, askedAgain(state, key), accepted) })
    found.push({ event: `order ${key} is rejected`, state: decided(rules, state, rejected) })
  }
  return found
}

/** Orders differ in nothing but their keys, so it is enough when they come for the first time in this order. */
const isNext = (state: State, key: string): boolean => {
  const before = ORDERS[ORDERS.indexOf(key) - 1]
  return before === undefined || encode(state).includes(before)
}

function faults(rules: Rules, state: State): Step<State>[] {
  const { budget, open, synced, cached, backup, replicas } = state
  const found: Step<State>[] = []
  const add = (event: string, after: State): void => void found.push({ event, state: after })
  if (open && budget.catalogueDeaths > 0) add('the catalogue is killed', died(spend(state, 'catalogueDeaths')))
  if (budget.powerLosses > 0 && cached !== synced) {
    add('the catalogue’s machine loses power', died({ ...spend(state, 'powerLosses'), cached: synced }))
  }
  if (!open && cached && budget.lostLedgers > 0) {
    add('the ledger is lost', forgiving({ ...spend(state, 'lostLedgers'), cached: undefined, synced: undefined }, ''))
  }
  if (open && synced && !backup && budget.backups > 0) add('the ledger is copied', { ...state, backup: synced })
  // As the operator should: all replicas run, and can be reached.
  if (!open && backup && budget.backups > 0 && replicas.every(({ reached }) => reached)) {
    const restored = { ...spend(state, 'backups'), cached: backup, synced: backup, backup: undefined }
    add('an old copy of the ledger is put back, and the catalogue starts', started(rules, forgiving(restored, '')))
  }
  replicas.forEach((replica, at) => {
    const { lead, reached } = replica
    if (lead && budget.replicaDeaths > 0) add(`replica ${at} dies`, withReplica(spend(state, 'replicaDeaths'), at, { lead: undefined }))
    const heard = lead && { ...lead, live: false }
    if (reached && budget.cuts > 0)
      add(`replica ${at} is cut off from the catalogue`, withReplica(spend(state, 'cuts'), at, { reached: false, lead: heard }))
    if (!reached) add(`replica ${at} reaches the catalogue again`, withReplica(state, at, { reached: true }))
    if (replica.log !== '' && budget.lostLogs > 0) {
      const empty = { log: '', sealed: 0, marked: 0, lead: undefined }
      add(`replica ${at} loses its disk`, withReplica(spend(state, 'lostLogs'), at, empty))
    }
  })
  return found
}
