import { type Command, createArgument, Option } from 'commander'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import { BazaarClient } from '../../http/client.ts'
import { systemClock } from '../../runtime/clock.ts'
import { systemRandom } from '../../runtime/random.ts'
import { examples } from '../examples.ts'
import { EXIT } from '../failure.ts'
import { listedStocks } from '../listed-stocks.ts'
import { FRONT_END_PORT, jsonOption, LOOPBACK } from '../options.ts'
import { noAnswer } from '../target.ts'
import { painterFor, printResult } from '../terminal.ts'
import { integer, port as targetPort, probability as probabilityFrom, stockNames } from '../values.ts'
import { Latencies } from '../workload/latency.ts'
import { narrator } from '../workload/narrator.ts'
import { ProgressBar } from '../workload/progress.ts'
import { Recorder } from '../workload/recorder.ts'
import { isClean, reportJson, reportLines } from '../workload/report.ts'
import { Tally } from '../workload/tally.ts'
import { TimelineFile, timelinePath } from '../workload/timeline-file.ts'
import { Trader, type TraderObserver } from '../workload/trader.ts'

const VERBOSE = 0
/** Enough for some weeks. */
const REQUESTS_MAX = 1_000_000_000

interface ClientCommandOptions {
  readonly requests: number
  readonly clients: number
  readonly stocks?: readonly string[]
  readonly testMode?: boolean
  readonly out?: string
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
    .option('--out <file>', 'write every request with its time to this file, as CSV or JSON by its ending', timelinePath)
    .option('--test-mode', 'one of the stock names is unknown on purpose')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bazaar client 127.0.0.1 56893 0.8 0',
        'bazaar client 127.0.0.1 56893 0.5 1 --clients 5 --requests 1000',
        'bazaar client 127.0.0.1 56893 0.5 1 --stocks acme,globex',
        'bazaar client 127.0.0.1 56893 0.5 1 --out run.csv',
      ),
    )
    .action(runClient)
}

async function runClient(
  host: string,
  port: number,
  probability: number,
  mode: number,
  { requests, clients, stocks, out, testMode = false, json = false }: ClientCommandOptions,
): Promise<void> {
  const timeline = out === undefined ? undefined : new TimelineFile(out)
  const recorder = new Recorder(systemClock, timeline)
  const client = new BazaarClient({ host, port, onRetry: (cause) => recorder.repeats(cause) })
  const usual = OPENING_CATALOGUE.map(({ name }) => name)
  const probe = await client.stock(stocks?.[0] ?? usual[0]!)
  if (probe.kind === 'unknown') throw noAnswer({ host, port, data: '' }, probe.cause)
  const names = stocks ?? (await listedStocks(host, port)) ?? usual

  const verbose = mode === VERBOSE && !json
  const bar = new ProgressBar(process.stderr, !verbose || !process.stdout.isTTY)
  const latencies = new Latencies(systemClock)
  const tally = new Tally()
  const observer = observerOf(verbose, bar, recorder)
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
  const course = recorder.course()
  const inWords = () => reportLines(counts, latencies, course, painterFor(process.stdout))
  const lines = json ? [JSON.stringify(reportJson(counts, latencies, course))] : inWords()
  for (const line of lines) printResult(line)
  timeline?.end()
}

function observerOf(verbose: boolean, bar: ProgressBar, recorder: Recorder): TraderObserver {
  const silent = { lookedUp() {}, traded() {}, queried() {} }
  const narrating = verbose ? narrator : silent
  return {
    ...narrating,
    asks: (asking) => recorder.asks(asking),
    queried: (order, answer) => {
      narrating.queried(order, answer)
      bar.advance()
    },
    roundDone: () => bar.advance(),
  }
}
