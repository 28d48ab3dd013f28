import type { Workload } from '../load/requests.ts'

/** Decisions and synced commits since the start of a system that counts them. */
export interface Counters {
  readonly orders: number
  /** Batches in which the orders were decided. */
  readonly batches: number
  /** Commits on all disks together. Each costs a sync. */
  readonly commits: number
}

/** A running system that takes the contract's orders and lookups. */
export interface System {
  /** "host:port" of its HTTP interface. */
  readonly address: string
  /** The folder with its data. Without one, it keeps nothing. */
  readonly folder?: string
  /** Versions of the software that it uses, by name, beyond the project's own packages. */
  readonly versions?: Readonly<Record<string, string>>
  /** Process ids by the process's task. The process that stays comes first. */
  pids(): ReadonlyMap<string, readonly number[]>
  /** Resolves with the counters, or with undefined when a process does not tell them at the moment. */
  counters?(): Promise<Counters | undefined>
  /** Resolves with its trouble at the moment, such as "1 of 2 followers in-sync". */
  trouble?(): Promise<readonly string[]>
  stop(): Promise<void>
}

export interface StartOptions {
  /** An empty folder of its own. The caller removes it. */
  readonly folder: string
  /** A folder with a node_modules of its own, for packages that the project does not bring. */
  readonly modules: string | undefined
  /** A JSON file of the stocks to offer, as `bazaar up --stocks` reads it. Undefined: the usual stocks. */
  readonly stocksPath: string | undefined
}

/** A system that can be measured. */
export interface SystemKind {
  readonly name: string
  /** One sentence for the reader of a result. */
  readonly what: string
  /** The number of disks, or files of one disk, on which an order is synced when it is acknowledged. */
  readonly syncedCopies: string
  /** Says whether to measure a workload with it. When it is left out, all are measured. */
  measures?(workload: Workload): boolean
  /** Starts the system. Resolves when it takes orders. @throws Unavailable when something has to be installed first. */
  start(options: StartOptions): Promise<System>
}

/** The error of a system that cannot be measured on this machine. The message says what to install. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}
