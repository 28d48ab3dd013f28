import type { Command } from 'commander'
import type { TradeType } from '../../domain/order.ts'
import type { PlaceAnswer } from '../../http/client.ts'
import { onStopRequest } from '../../runtime/lifecycle.ts'
import { systemRandom } from '../../runtime/random.ts'
import { examples } from '../examples.ts'
import { CommandFailure, EXIT, wordsOf, type ExitCode } from '../failure.ts'
import { clientFor, noAnswer, refusalWords, withTarget, type TargetOptions } from '../target.ts'
import { printAside, printResult } from '../terminal.ts'
import { count } from '../units.ts'
import { idempotencyKey, integer, stockName } from '../values.ts'

interface TradeOptions extends TargetOptions {
  readonly key?: string
}

/** Adds `buy` and `sell`. */
export function addTrades(program: Command): void {
  for (const type of ['buy', 'sell'] as const) {
    withTarget(program.command(type))
      .summary(`${type} shares`)
      .description(`Places an order to ${type} shares. It is sent again until its outcome is known, and never placed twice.`)
      .argument('<NAME>', 'stock', stockName)
      .argument('<QUANTITY>', 'number of shares', integer(Number.MIN_SAFE_INTEGER))
      .option('--key <key>', 'Idempotency-Key: with the same key, a repeated command is the same order', idempotencyKey)
      .addHelpText('after', examples(`bazaar ${type} tesla 5`, `bazaar ${type} tesla 5 --key 2024-11-05-first --json`))
      .action((name: string, quantity: number, options: TradeOptions) => trade(type, name, quantity, options))
  }
}

async function trade(type: TradeType, name: string, quantity: number, options: TradeOptions): Promise<void> {
  const client = clientFor(options)
  const { key = systemRandom.id(16) } = options
  const fate = new Fate(key)
  onStopRequest(() => fate.end())
  const answer = await client
    .place({ name, type, quantity }, { key })
    .catch((error: unknown) => fate.end(error))
    .finally(() => client.close())
  fate.learn(exitCodeOf(answer))
  if (options.json) printResult(JSON.stringify(answer))
  else if (answer.kind === 'ok') printResult(sentence(type, name, quantity, answer))
  else if (answer.kind === 'refused') throw new CommandFailure(await refusalWords(options, answer.message, name))
  else throw unknownOutcome(options, answer)
}

/** Tells the user what is known of an order when the command has to end early, by a signal or by a mistake of its own. */
class Fate {
  readonly #key: string
  #exitCode: ExitCode | undefined

  constructor(key: string) {
    this.#key = key
  }

  learn(exitCode: ExitCode): void {
    this.#exitCode = exitCode
    process.exitCode = exitCode
  }

  end(error?: unknown): never {
    if (this.#exitCode === undefined) printAside(mayHaveBeenPlaced(this.#key))
    if (error !== undefined) printAside(wordsOf(error))
    process.exit(this.#exitCode ?? EXIT.unknown)
  }
}

function exitCodeOf(answer: PlaceAnswer): ExitCode {
  if (answer.kind === 'unknown' && answer.mayHaveBeenPlaced) return EXIT.unknown
  return answer.kind === 'ok' ? EXIT.ok : EXIT.failed
}

const DONE = { buy: 'bought', sell: 'sold' } as const satisfies Record<TradeType, string>

function sentence(type: TradeType, name: string, quantity: number, answer: Extract<PlaceAnswer, { kind: 'ok' }>): string {
  const repeat = answer.replayed ? ' (placed before under this key)' : ''
  return `order ${answer.number}: ${DONE[type]} ${count(quantity, 'share')} of ${name}${repeat}`
}

function unknownOutcome(options: TradeOptions, answer: Extract<PlaceAnswer, { kind: 'unknown' }>): CommandFailure {
  if (!answer.mayHaveBeenPlaced) return new CommandFailure(`the order was not placed: ${noAnswer(options, answer.cause).message}`)
  printAside(mayHaveBeenPlaced(answer.key))
  return noAnswer(options, answer.cause)
}

const mayHaveBeenPlaced = (key: string): string =>
  `The order may have been placed. Run the command again with --key ${key} to learn its number.`
