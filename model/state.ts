/**
 * A log, as a text of two characters an entry: the key of its order, and the generation that decided it. So a log begins with
 * another one exactly when its text does.
 */
export type LogText = string

/** Keys of orders, as a text of one character each, in order. */
export type Keys = string

/** The catalogue's file. */
export interface Ledger {
  readonly log: LogText
  readonly rejected: Keys
  readonly generation: number
  /** A generation: where the log ends, a tail of a lower one counts for nothing. A recovery raises it, and see `decisionsMark`. */
  readonly marked: number
}

/** A leader's stream to one life of the catalogue, which may be over: what was sent on it may still be acted on. */
export interface Lead {
  readonly generation: number
  /** The catalogue still hears this leader. */
  readonly live: boolean
  /** Length of the ledger when the stream began. The leader serves once so much is published. */
  readonly until: number
  /** The entries that were sent: the ledger from its beginning on. */
  readonly sent: LogText
}

/** Entries on their way from a leader to a follower, which may arrive at any time, or never. */
export interface Late {
  readonly generation: number
  readonly log: LogText
}

export interface Replica {
  /** On disk: the log, the generation that it was sealed with, and the one that it is marked with. */
  readonly log: LogText
  readonly sealed: number
  readonly marked: number
  /** The catalogue and this replica reach each other. */
  readonly reached: boolean
  /** This life of the catalogue has not looked into it. */
  readonly unread: boolean
  readonly lead: Lead | undefined
  readonly late: Late | undefined
}

/** How often the faults may still come. */
export interface Budget {
  /** Deaths of the catalogue's process, loss of power included. */
  readonly catalogueDeaths: number
  readonly powerLosses: number
  readonly replicaDeaths: number
  readonly cuts: number
  /** Messages that arrive late. */
  readonly lates: number
  /** Disks that are lost. More than one are more than the system promises to survive. */
  readonly lostLedgers: number
  readonly lostLogs: number
  /** Old copies of the ledger that are put back. */
  readonly backups: number
  /** The highest generation that a catalogue comes to. */
  readonly generations: number
}

export interface State {
  readonly replicas: readonly Replica[]
  /** The ledger as the catalogue's disk holds it for sure; undefined when it is lost. */
  readonly synced: Ledger | undefined
  /** The ledger as it stays as long as the power is on. */
  readonly cached: Ledger | undefined
  /** The catalogue runs, and has opened its ledger. */
  readonly open: boolean
  readonly published: number
  /** Length of the ledger at the start: once so much is published, levels and orders are shown (P1). */
  readonly settledAt: number
  readonly backup: Ledger | undefined
  /** The part of the log that has been shown to anybody. */
  readonly shown: LogText
  /** Orders whose clients were told that they are rejected. */
  readonly toldRejected: Keys
  /** Those of them that may be decided anew: the disk that held the rejection was lost. */
  readonly forgiven: Keys
  /** A step that broke the promise says so here. */
  readonly broken: string | undefined
  readonly budget: Budget
}

export const lengthOf = (log: LogText): number => log.length / 2
export const firstOf = (log: LogText, length: number): LogText => log.slice(0, 2 * length)
export const lastGenerationOf = (log: LogText): number => Number(log.at(-1) ?? 0)
export const generationAt = (log: LogText, number: number): number => Number(log[2 * number + 1] ?? 0)
export const keysOf = (log: LogText): Keys => [...log].filter((_, at) => at % 2 === 0).join('')
export const withKey = (keys: Keys, key: string): Keys => (keys.includes(key) ? keys : [...keys, key].toSorted().join(''))
export const without = (keys: Keys, others: Keys): Keys => [...keys].filter((key) => !others.includes(key)).join('')

export function commonLength(a: LogText, b: LogText): number {
  let common = 0
  while (2 * common < Math.min(a.length, b.length) && firstOf(a, common + 1) === firstOf(b, common + 1)) common += 1
  return common
}

/** The state after something has changed one replica. */
export const withReplica = (state: State, at: number, change: Partial<Replica>): State => ({
  ...state,
  replicas: state.replicas.map((replica, i) => (i === at ? { ...replica, ...change } : replica)),
})

/** The state after one of these faults, which may come less often from now on. */
export const spend = (state: State, fault: keyof Budget): State => ({
  ...state,
  budget: { ...state.budget, [fault]: state.budget[fault] - 1 },
})

const ledgerText = (ledger: Ledger | undefined): string =>
  ledger ? `${ledger.log},${ledger.rejected},${ledger.generation},${ledger.marked}` : '-'

const replicaText = ({ log, sealed, marked, reached, unread, lead, late }: Replica): string => {
  const leading = lead ? `${lead.generation}${lead.live ? '+' : '-'}${lead.until}${lead.sent}` : ''
  return `${log},${sealed}${marked}${reached ? 'r' : 'c'}${unread ? 'u' : ''},${leading},${late ? `${late.generation}${late.log}` : ''}`
}

/** Replicas have no names: states that differ only in who is who are the same. */
export function encode(state: State): string {
  const { replicas, synced, cached, open, published, settledAt, backup, shown, toldRejected, forgiven, broken, budget } = state
  const catalogue = [ledgerText(synced), ledgerText(cached), open ? `${published}:${settledAt}` : 'down']
  const told = [shown, toldRejected, forgiven, broken ?? '', ledgerText(backup)]
  return [...catalogue, ...told, Object.values(budget).join(), ...replicas.map(replicaText).toSorted()].join(';')
}
