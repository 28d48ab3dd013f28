import type { Stock } from '../../domain/stock.ts'
import type { Findings } from './findings.ts'
import type { LogCheck } from './log-check.ts'
import { attempt } from './attempt.ts'
import { checkedRow, integer, only, text } from '../embedded/file/row.ts'
import type { ClusterRow } from '../embedded/tables/cluster-table.ts'
import { toRejection } from '../embedded/tables/decision-table.ts'
import { toStock } from '../embedded/tables/genesis-table.ts'
import { ReplicaTable } from '../embedded/tables/replica-table.ts'
import type { SqliteFile } from '../embedded/file/sqlite-file.ts'

const DOUBLE_KEYS_MAX = 20

/** Checks all tables of a ledger except the entries, which `log` has taken before. */
export function checkLedgerTables(file: SqliteFile, cluster: ClusterRow, log: LogCheck, findings: Findings): void {
  const checks = [
    () => checkCluster(cluster, log, findings),
    () => checkStocks(file, log, findings),
    () => checkRejections(file, cluster, findings),
    () => checkKeys(file, findings),
    () => void new ReplicaTable(file).all(),
  ]
  for (const check of checks) attempt(findings, check)
}

function checkCluster(cluster: ClusterRow, log: LogCheck, findings: Findings): void {
  const { generation, recoveredGeneration: recovered, published, length } = cluster
  if (published > length) findings.add(`it says that ${published} entries are published, and holds ${length}`)
  if (generation < log.lastGeneration) findings.add(`its generation is ${generation}, an entry has ${log.lastGeneration}`)
  if (generation < recovered) findings.add(`its generation is ${generation}, that of its recovery ${recovered}`)
}

/** Checks that the levels are those of the genesis after all entries. */
function checkStocks(file: SqliteFile, log: LogCheck, findings: Findings): void {
  const found = new Map<string, Stock>()
  for (const row of file.prepare('SELECT * FROM stocks').all()) {
    const stock = attempt(findings, () => toStock(checkedRow('stocks', row)))
    if (stock) found.set(stock.name, stock)
  }
  for (const stock of log.stocks() ?? []) {
    const stored = found.get(stock.name)
    if (!stored) findings.add(`stock ${stock.name} is missing or damaged`)
    else if (wordsOf(stored) !== wordsOf(stock)) {
      findings.add(`stock ${stock.name} has ${wordsOf(stored)}; genesis and entries lead to ${wordsOf(stock)}`)
    }
    found.delete(stock.name)
  }
  if (!log.stocks()) return
  for (const name of found.keys()) findings.add(`stock ${name} was never for sale`)
}

function checkRejections(file: SqliteFile, { length }: ClusterRow, findings: Findings): void {
  for (const row of file.prepare('SELECT * FROM rejections').iterate()) {
    attempt(findings, () => {
      const { key, position } = toRejection(row)
      if (position > length) findings.add(`the rejection of ${key} has position ${position}, the log ends at ${length}`)
    })
  }
}

/** Checks that each key has one outcome. The index of the entries ensures that no two of them have the same key. */
function checkKeys(file: SqliteFile, findings: Findings): void {
  const double = file.prepare(`SELECT number, key FROM rejections JOIN entries USING (key) ORDER BY number LIMIT ${DOUBLE_KEYS_MAX}`)
  for (const row of double.all()) findings.add(`its key ${text(row, 'key')} was refused as well`, integer(row, 'number'))
  const [entries, keys] = ['entries', 'entries INDEXED BY entries_by_key'].map((from) =>
    integer(only(file.prepare(`SELECT count(key) AS rows FROM ${from}`).get(), from), 'rows'),
  )
  if (entries !== keys) findings.add(`it holds ${entries} entries, and ${keys} keys in their index`)
}

function wordsOf({ priceCents, quantity, volume }: Stock): string {
  return `${quantity} shares, a volume of ${volume} and a price of ${priceCents} cents`
}
