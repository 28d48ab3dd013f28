import type { Entry } from '../../domain/order.ts'
import type { Genesis } from '../chain.ts'
import { Findings } from './findings.ts'
import { LogCheck } from './log-check.ts'
import { StorageFailure } from '../ledger.ts'
import type { CopyKind, Progress, VerifiedCopy } from './verification.ts'
import { asFinding, attempt } from './attempt.ts'
import { ClusterTable, type ClusterRow } from '../embedded/tables/cluster-table.ts'
import { noticedDamage, DamagedFile } from '../embedded/file/damage.ts'
import { EntryReader } from './entry-reader.ts'
import { fileBehind, requireFiles } from '../embedded/file/folder.ts'
import { readGenesis } from '../embedded/tables/genesis-table.ts'
import { checkLedgerTables } from './ledger-check.ts'
import { LogTable } from '../embedded/tables/log-table.ts'
import { stampOf } from '../embedded/file/looking.ts'
import { text } from '../embedded/file/row.ts'
import { LEDGER_SCHEMA, ORDER_LOG_SCHEMA } from '../embedded/tables/schemas.ts'
import { asFailure } from '../embedded/file/sqlite-error.ts'
import { SqliteFile } from '../embedded/file/sqlite-file.ts'

/**
 * The file's bytes are looked at so many times. A running process may write meanwhile, so only what is seen each time is
 * damage.
 */
const LOOKS = 3
const PAGE_FINDINGS_MAX = 20
const ASK_THE_OWNER = 'without permission to write beside it, that cannot be kept apart; verify as the user that its process runs as'

/** The head of either kind of file. */
interface FileHead {
  readonly genesis: Genesis | undefined
  readonly start: string
  readonly generation: number
  readonly recoveredGeneration: number
  readonly length: number
  readonly cluster?: ClusterRow
}

/**
 * Reads a whole file and checks everything: SQLite's own structures, the schema, each record, the digest chain from the
 * genesis on, levels, keys and refusals. Writes nothing, and needs no permission to write. A process may use the file
 * meanwhile. Reading blocks the calling thread for some 10 s a million entries. When something keeps the file from being
 * read, `unverified` says so.
 */
export function verifyFile(path: string, kind: CopyKind, progress: Progress): VerifiedCopy {
  const findings = new Findings()
  let file: SqliteFile | undefined
  try {
    const behind = fileBehind(path)
    requireFiles(behind)
    const marker = noticedDamage(behind)
    if (marker !== undefined) findings.add(marker)
    const before = stampOf(behind)
    file = open(behind, kind, findings)
    const head = file && attempt(findings, () => readHead(file!, kind))
    if (!file || !head) {
      file?.close()
      return unreadable(path, kind, findings)
    }
    const copy = readAll(file, kind, head, findings, progress)
    if (file.sharesLocks || stampOf(behind) === before) return copy
    file.close()
    return unreadable(path, kind, new Findings(), `${path} was written to while it was read: ${ASK_THE_OWNER}`)
  } catch (error) {
    file?.close()
    const failure = asFailure(path, error)
    if (failure instanceof StorageFailure) return unreadable(path, kind, findings, failure.message)
    throw error
  }
}

/**
 * Opens the file. Returns undefined when the file is damaged: a finding then says how. Throws a StorageFailure when something
 * else is in the way.
 */
function open(path: string, kind: CopyKind, findings: Findings): SqliteFile | undefined {
  for (let look = 1; ; look += 1) {
    try {
      const file = new SqliteFile(path, kind === 'ledger' ? LEDGER_SCHEMA : ORDER_LOG_SCHEMA, { kind: 'look' })
      file.freeze()
      return file
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error
      if (look < LOOKS) continue
      findings.add(error.why)
      return undefined
    }
  }
}

function readHead(file: SqliteFile, kind: CopyKind): FileHead {
  if (kind === 'ledger') {
    const { clusterId, genesisDigest, ...cluster } = new ClusterTable(file).read()
    const genesis = readGenesis(file, { clusterId, genesisDigest })
    return { genesis, start: genesisDigest, ...cluster, cluster: { clusterId, genesisDigest, ...cluster } }
  }
  const { history, sealedGeneration, length } = new LogTable(file).read()
  const genesis = history && readGenesis(file, history)
  return { genesis, start: history?.genesisDigest ?? '', generation: sealedGeneration, recoveredGeneration: 0, length }
}

function readAll(file: SqliteFile, kind: CopyKind, head: FileHead, findings: Findings, progress: Progress): VerifiedCopy {
  const { genesis, start, length } = head
  const log = new LogCheck(start, genesis?.stocks, findings)
  const reader = new EntryReader(file)
  progress.begin(`${file.path}: entries`, length)
  attempt(findings, () => reader.feed(log, length, (entries) => progress.advance(entries)))
  progress.begin(`${file.path}: pages`, 2)
  progress.advance(1)
  checkPages(file, findings)
  progress.advance(1)
  if (head.cluster) checkLedgerTables(file, head.cluster, log, findings)
  return {
    source: file.path,
    kind,
    clusterId: genesis?.clusterId,
    generation: head.generation,
    lastGeneration: log.lastGeneration,
    recoveredGeneration: head.recoveredGeneration,
    length: log.length,
    digest: log.digest,
    findings,
    unverified: undefined,
    digestAt: async (at) => (at === 0 ? start : quietly(() => reader.digest(at - 1))),
    entry: async (number) => quietly(() => reader.entry(number)),
    close: () => file.close(),
  }
}

function checkPages(file: SqliteFile, findings: Findings): void {
  attempt(findings, () => {
    for (const row of file.prepare(`PRAGMA integrity_check(${PAGE_FINDINGS_MAX})`).all()) {
      const words = text(row, 'integrity_check')
      if (words !== 'ok') findings.add(`SQLite says: ${words}`)
    }
  })
}

/** Returns the result of `read`, or undefined when the file is damaged. The damage has been reported already. */
function quietly<T>(read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch (error) {
    asFinding(error)
    return undefined
  }
}

function unreadable(source: string, kind: CopyKind, findings: Findings, unverified?: string): VerifiedCopy {
  return {
    source,
    kind,
    clusterId: undefined,
    generation: 0,
    lastGeneration: 0,
    recoveredGeneration: 0,
    length: 0,
    digest: '',
    findings,
    unverified,
    digestAt: async () => undefined,
    entry: async (): Promise<Entry | undefined> => undefined,
    close: () => {},
  }
}
