import { type Command, createArgument, Option } from 'commander'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { BazaarClient } from '../../http/client.ts'
import { systemClock } from '../../runtime/clock.ts'
import { systemRandom } from '../../runtime/random.ts'
import { examples } from '../examples.ts'
import { EXIT } from '../failure.ts'
import { FRONT_END_PORT, jsonOption, LOOPBACK } from '../options.ts'
import { noAnswer } from '../target.ts'
import { painterFor, printResult } from '../terminal.ts'
import { integer, port as targetPort, probability as probabilityFrom, stockNames } from '../values.ts'
import { Latencies } from '../workload/latency.ts'
import { narrator } from '../workload/narrator.ts'
import { ProgressBar } from '../workload/progress.ts'
import { isClean, reportJson, reportLines } from '../workload/report.ts'
import { Tally } from '../workload/tally.ts'
import { Trader, type TraderObserver } from '../workload/trader.ts'

const VERBOSE = 0
/** Enough for some weeks. */
const REQUESTS_MAX = 1_000_000_000
/** How long to wait for the list of stocks. A front end that does not know the list may not answer at all. */
const LISTING_TIMEOUT_MS = 3_000

interface ClientCommandOptions {
  readonly requests: number
  readonly clients: number
  readonly stocks?: readonly string[]
  readonly testMode?: boolean
  readonly json?: boolean
}

export function addClient(program: Command): void {
  program
    .command('client')
    .summary('trade at random, then verify every order')
    .description(
      'Looks up random stocks, trades with the given probability, then queries every accepted order and compares.\n' +
        'Works against any front end of the contract.\n' +
        'Exit code 1 when one does not match, something got no answer, or no order was accepted.',
    )
    .addArgument(createArgument('[HOST]', 'host of the front end').default(LOOPBACK))
    .addArgument(createArgument('[PORT]', 'its port').argParser(targetPort).default(FRONT_END_PORT))
    .addArgument(createArgument('[PROBABILITY]', 'that a round places an order, 0 to 1').argParser(probabilityFrom).default(0.8))
    .addArgument(
      createArgument('[MODE]', '0: print every answer; 1: only latency and verification').argParser(integer(0, 1)).default(VERBOSE),
    )
    .option('--requests <n>', 'rounds of each client', integer(1, REQUESTS_MAX), 100)
    .option('--clients <n>', 'how many clients at once', integer(1, 10_000), 1)
    .addOption(
      new Option('--stocks <a,b,c>', 'stocks to trade, separated by commas; may be repeated')
        .argParser((text: string, others: readonly string[] | undefined) => [...(others ?? []), ...stockNames(text)])
        .default(undefined, 'those that the front end lists at /stocks, else the ten of the contract'),
    )
    .option('--test-mode', 'one of the stock names is unknown on purpose')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bazaar client 127.0.0.1 56893 0.8 0',
        'bazaar client 127.0.0.1 56893 0.5 1 --clients 5 --requests 1000',
        'bazaar client 127.0.0.1 56893 0.5 1 --stocks acme,globex',
      ),
    )
    .action(runClient)
}

async function runClient(
  host: string,
  port: number,
  probability: number,
  mode: number,
  { requests, clients, stocks, testMode = false, json = false }: ClientCommandOptions,
): Promise<void> {
  const client = new BazaarClient({ host, port })
  const usual = OPENING_CATALOGUE.map(({ name }) => name)
  const probe = await client.stock(stocks?.[0] ?? usual[0]!)
  if (probe.kind === 'unknown') throw noAnswer({ host, port, data: '' }, probe.cause)
  const names = stocks ?? (await listedStocks(host, port)) ?? usual

  const verbose = mode === VERBOSE && !json
  const bar = new ProgressBar(process.stderr, !verbose || !process.stdout.isTTY)
  const latencies = new Latencies(systemClock)
  const tally = new Tally()
  const observer = observerOf(verbose, bar)
  const options = { names, rounds: requests, probability, testMode }
  const traders = Array.from({ length: clients }, () => new Trader(client, options, systemRandom, latencies, tally, observer))
  bar.begin('trading', requests * clients)
  await Promise.all(traders.map((trader) => trader.trade()))
  bar.begin('verifying', tally.counts().accepted)
  await Promise.all(traders.map((trader) => trader.verify()))
  bar.clear()
  client.close()

  const counts = tally.counts()
  process.exitCode = isClean(counts) ? EXIT.ok : EXIT.failed
  const lines = json ? [JSON.stringify(reportJson(counts, latencies))] : reportLines(counts, latencies, painterFor(process.stdout))
  for (const line of lines) printResult(line)
}

/** Returns the names that the front end lists, or undefined when it lists none. The contract does not ask for such a list. */
async function listedStocks(host: string, port: number): Promise<readonly string[] | undefined> {
  const client = new BazaarClient({ host, port, timeoutMs: LISTING_TIMEOUT_MS, retryForMs: 0 })
  const listed = await client.stocks().finally(() => client.close())
  if (listed.kind !== 'ok' || !Array.isArray(listed.value.stocks)) return undefined
  const names = listed.value.stocks.map((stock: { name?: unknown } | null) => stock?.name).filter((name) => typeof name === 'string')
  return names.length > 0 ? names : undefined
}

function observerOf(verbose: boolean, bar: ProgressBar): TraderObserver {
  const silent = { lookedUp() {}, traded() {}, queried() {} }
  const narrating = verbose ? narrator : silent
  return {
    ...narrating,
    queried: (order, answer) => {
      narrating.queried(order, answer)
      bar.advance()
    },
    roundDone: () => bar.advance(),
  }
}
