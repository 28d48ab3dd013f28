import type { Workload } from '../load/requests.ts'

/** Decisions and synced commits since a system's start, where it counts them. */
export interface Counters {
  readonly orders: number
  /** Batches that the orders were decided in. */
  readonly batches: number
  /** Commits on all disks together; each costs a sync. */
  readonly commits: number
}

/** Something that takes the contract's orders and lookups, running. */
export interface System {
  /** "host:port" of its HTTP interface. */
  readonly address: string
  /** What it keeps on disk; without it, it keeps nothing. */
  readonly folder?: string
  /** Versions of what it stands on, by name, where the project's own packages do not tell. */
  readonly versions?: Readonly<Record<string, string>>
  /** Process ids by the name of what they do; the one that stays comes first. */
  pids(): ReadonlyMap<string, readonly number[]>
  /** Undefined when they cannot be had at the moment. */
  counters?(): Promise<Counters | undefined>
  /** What it lacks at the moment of what it is said to be: "1 of 2 followers in-sync". */
  trouble?(): Promise<readonly string[]>
  stop(): Promise<void>
}

export interface StartOptions {
  /** An empty folder of its own, removed by the caller. */
  readonly folder: string
  /** A folder with a node_modules of its own, for packages that the project does not bring. */
  readonly modules: string | undefined
  /** A JSON file of what to offer, as `bazaar up --stocks` reads it; undefined: the usual stocks. */
  readonly stocksPath: string | undefined
}

/** A system that can be measured. */
export interface SystemKind {
  readonly name: string
  /** One sentence for the reader of a result. */
  readonly what: string
  /** On how many disks, or files of one disk, an order is synced when it is acknowledged. */
  readonly syncedCopies: string
  /** Whether a workload is of interest with it; without it, every one is. */
  measures?(workload: Workload): boolean
  /** Resolves when it takes orders. @throws Unavailable when something has to be installed first. */
  start(options: StartOptions): Promise<System>
}

/** A system cannot be measured on this machine; the message says what to install. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}
