import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { Progress, VerifiedCopy } from '../../storage/verify/verification.ts'
import { examples } from '../examples.ts'
import { CommandFailure, EXIT, wordsOf } from '../failure.ts'
import { dataOption, jsonOption, LOOPBACK } from '../options.ts'
import { painterFor, printResult } from '../terminal.ts'
import { address } from '../values.ts'
import { ProgressBar } from '../workload/progress.ts'

const LEDGER_FILE = 'catalog.db'
const ORDER_LOG_FILE = /^order(\d+)\.db$/

interface VerifyOptions {
  readonly data: string
  readonly address?: readonly string[]
  readonly json?: boolean
}

export function addVerify(program: Command): void {
  program
    .command('verify')
    .summary('read every copy of the log in full and check everything')
    .description(
      'Reads every copy of the log in full: the files of a data folder, whether the system runs or not, or what ' +
        'running processes serve. Checks the files themselves, every record, the digests from the first order on, ' +
        'levels, keys and refusals, and that every order log is a prefix of the ledger. Changes nothing.\n\n' +
        'Exit code 0: all is well. 1: something is wrong, or could not be verified; it says what, where, and what to do.',
    )
    .addOption(dataOption())
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bazaar verify',
        'bazaar verify --data /var/lib/bazaar --json',
        'bazaar verify --address 10.0.0.5:56892 10.0.0.11:56894 10.0.0.12:56894',
      ),
    )
    .action(verify)
}

const addressOption = (): Option =>
  new Option(
    '--address <host:port...>',
    'instead of files, ask the catalogue and the replicas that run there (gRPC): entries and digests only',
  ).argParser((text: string, others: readonly string[] | undefined) => [...(others ?? []), address(text)])

async function verify({ data, address: addresses, json }: VerifyOptions): Promise<void> {
  // Loaded here, so that the other commands start without SQLite.
  const { reportJson, reportLines, reportOn } = await import('../verification/report.ts')
  const bar = new ProgressBar(process.stderr, !json)
  const progress = progressOn(bar)
  const copies = addresses ? await readServed(addresses, progress) : await readFiles(data, progress)
  const report = await reportOn(copies)
  for (const copy of copies) copy.close()
  bar.clear()
  process.exitCode = report.isWell ? EXIT.ok : EXIT.failed
  const lines = json ? [JSON.stringify(reportJson(report))] : reportLines(report, painterFor(process.stdout))
  for (const line of lines) printResult(line)
}

function progressOn(bar: ProgressBar): Progress {
  return {
    begin: (what, total) => bar.begin(what, total),
    advance: (by) => {
      for (let done = 0; done < by; done += 1) bar.advance()
    },
  }
}

/**
 * Reads the order logs first and the ledger last. While the system runs, each order is in the ledger before it is in an order
 * log. So a ledger that is read last lacks nothing that the logs hold.
 */
async function readFiles(data: string, progress: Progress): Promise<readonly VerifiedCopy[]> {
  const { verifyFile } = await import('../../storage/verify/verified-file.ts')
  const names = namesIn(data)
  const logs = names.filter((name) => ORDER_LOG_FILE.test(name)).sort((a, b) => replicaOf(a) - replicaOf(b))
  const ledgers = names.filter((name) => name === LEDGER_FILE)
  if (logs.length + ledgers.length === 0) {
    throw new CommandFailure(`neither ${LEDGER_FILE} nor an order log is in ${data}; name the data folder with --data`)
  }
  const readLogs = logs.map((name) => verifyFile(join(data, name), 'order log', progress))
  return [...ledgers.map((name) => verifyFile(join(data, name), 'ledger', progress)), ...readLogs]
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw new CommandFailure(`${folder} cannot be read: ${wordsOf(error)}; name the data folder with --data`)
  }
}

const replicaOf = (name: string): number => Number(ORDER_LOG_FILE.exec(name)?.[1])

/** Reads what running processes serve, the ledger last, as with files. */
async function readServed(addresses: readonly string[], progress: Progress): Promise<readonly VerifiedCopy[]> {
  const { grpcNetwork } = await import('../../rpc/network.ts')
  const { silentLogger } = await import('../../runtime/logger.ts')
  const { serverAt, verifyServed } = await import('../verification/served-copy.ts')
  const network = grpcNetwork({ host: LOOPBACK, log: silentLogger, streams: 'frames' })
  const servers = await Promise.all(addresses.map((each) => answerOf(each, serverAt(network, each))))
  const copies: VerifiedCopy[] = []
  for (const server of servers.toSorted((a, b) => Number(a.kind === 'ledger') - Number(b.kind === 'ledger'))) {
    copies.push(await answerOf(server.address, verifyServed(network, server, progress)))
  }
  return copies.toSorted((a, b) => Number(b.kind === 'ledger') - Number(a.kind === 'ledger'))
}

async function answerOf<T>(from: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'RpcError') throw error
    throw new CommandFailure(`${from} does not tell what it holds: ${wordsOf(error)}`)
  }
}
