import { type Command, createArgument } from 'commander'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { BazaarClient } from '../../http/client.ts'
import { systemClock } from '../../runtime/clock.ts'
import { systemRandom } from '../../runtime/random.ts'
import { examples } from '../examples.ts'
import { EXIT } from '../failure.ts'
import { FRONT_END_PORT, jsonOption, LOOPBACK } from '../options.ts'
import { noAnswer } from '../target.ts'
import { painterFor, print, printJson } from '../terminal.ts'
import { integer, port as targetPort, probability as probabilityFrom } from '../values.ts'
import { Latencies } from '../workload/latency.ts'
import { narrator } from '../workload/narrator.ts'
import { ProgressBar } from '../workload/progress.ts'
import { isClean, reportJson, reportLines } from '../workload/report.ts'
import { Tally } from '../workload/tally.ts'
import { Trader, type TraderObserver } from '../workload/trader.ts'

const VERBOSE = 0

interface ClientCommandOptions {
  readonly requests: number
  readonly clients: number
  readonly testMode?: boolean
  readonly json?: boolean
}

export function addClient(program: Command): void {
  program
    .command('client')
    .summary('trade at random, then verify every order')
    .description(
      'Looks up random stocks, trades with the given probability, then queries every accepted order and compares.\n' +
        'Exit code 1 when one does not match or something got no answer.',
    )
    .addArgument(createArgument('[HOST]', 'host of the front end').default(LOOPBACK))
    .addArgument(createArgument('[PORT]', 'its port').argParser(targetPort).default(FRONT_END_PORT))
    .addArgument(
      createArgument('[PROBABILITY]', 'that a round places an order, 0 to 1').argParser(probabilityFrom).default(0.8),
    )
    .addArgument(
      createArgument('[MODE]', '0: print every answer; 1: only latency and verification')
        .argParser(integer(0, 1))
        .default(VERBOSE),
    )
    .option('--requests <n>', 'rounds of each client', integer(1), 100)
    .option('--clients <n>', 'how many clients at once', integer(1, 10_000), 1)
    .option('--test-mode', 'one of the stock names is unknown on purpose')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bazaar client 127.0.0.1 56893 0.8 0',
        'bazaar client 127.0.0.1 56893 0.5 1 --clients 5 --requests 1000',
      ),
    )
    .action(runClient)
}

async function runClient(
  host: string,
  port: number,
  probability: number,
  mode: number,
  { requests, clients, testMode = false, json = false }: ClientCommandOptions,
): Promise<void> {
  const client = new BazaarClient({ host, port })
  const probe = await client.leader()
  if (probe.kind === 'unknown') throw noAnswer({ host, port, data: '' }, probe.cause)

  const verbose = mode === VERBOSE && !json
  const bar = new ProgressBar(process.stderr, !verbose || !process.stdout.isTTY)
  const latencies = new Latencies(systemClock)
  const tally = new Tally()
  const observer = observerOf(verbose, bar)
  const options = { names: await stockNames(client), rounds: requests, probability, testMode }
  const traders = Array.from(
    { length: clients },
    () => new Trader(client, options, systemRandom, latencies, tally, observer),
  )
  bar.begin('trading', requests * clients)
  await Promise.all(traders.map((trader) => trader.trade()))
  bar.begin('verifying', tally.counts().accepted)
  await Promise.all(traders.map((trader) => trader.verify()))
  bar.clear()
  client.close()

  const counts = tally.counts()
  if (json) printJson(reportJson(counts, latencies))
  else for (const line of reportLines(counts, latencies, painterFor(process.stdout))) print(line)
  process.exitCode = isClean(counts) ? EXIT.ok : EXIT.failed
}

/** What is for sale; the usual stocks where the front end does not list them. */
async function stockNames(client: BazaarClient): Promise<readonly string[]> {
  const listed = await client.stocks()
  const stocks = listed.kind === 'ok' ? listed.value.stocks : OPENING_CATALOGUE
  return stocks.map(({ name }) => name)
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
