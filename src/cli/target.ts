import type { Command } from 'commander'
import { ERRORS } from '../domain/errors.ts'
import { type Answer, BazaarClient, type ClientOptions } from '../http/client.ts'
import { splitAddress } from '../runtime/address.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { listedStocks } from './listed-stocks.ts'
import { nearestName } from './nearest-name.ts'
import { dataOption, FRONT_END_PORT, jsonOption, targetHostOption, targetPortOption } from './options.ts'
import { readRunningState } from './supervisor/state-file.ts'

export interface TargetOptions {
  readonly host: string
  /** 0: that of the system that runs on the data folder. */
  readonly port: number
  readonly data: string
  readonly json?: boolean
}

/** Adds the options of every command that talks to a front end. */
export function withTarget(command: Command): Command {
  return command.addOption(targetHostOption()).addOption(targetPortOption()).addOption(dataOption()).addOption(jsonOption())
}

/**
 * Returns the front end that a command means: the one that it names, else the one of its data folder, else the one at the
 * usual port.
 */
export function frontEndOf({ host, port, data }: TargetOptions): { readonly host: string; readonly port: number } {
  if (port !== 0) return { host, port }
  const running = readRunningState(data)?.frontEnd
  return running === undefined ? { host, port: FRONT_END_PORT } : splitAddress(running)
}

export function clientFor(options: TargetOptions, limits: Pick<ClientOptions, 'timeoutMs' | 'retryForMs'> = {}): BazaarClient {
  return new BazaarClient({ ...frontEndOf(options), ...limits })
}

/** Returns a refusal in words. A stock that does not exist may be a misspelt one. */
export async function refusalWords(options: TargetOptions, message: string, name: string | undefined): Promise<string> {
  if (name === undefined || message !== ERRORS.STOCK_NOT_FOUND.message) return message
  const { host, port } = frontEndOf(options)
  const meant = nearestName(name, (await listedStocks(host, port)) ?? [])
  return meant === undefined ? message : `${message}; did you mean ${meant}?`
}

/** Asks one question, which may be about the stock `name`, over a connection of its own. A refusal, or no answer, ends the command. */
export async function ask<T>(options: TargetOptions, question: (client: BazaarClient) => Promise<Answer<T>>, name?: string): Promise<T> {
  const client = clientFor(options)
  const answer = await question(client).finally(() => client.close())
  if (answer.kind === 'ok') return answer.value
  if (answer.kind === 'refused') throw new CommandFailure(await refusalWords(options, answer.message, name))
  throw noAnswer(options, answer.cause)
}

export function noAnswer(options: TargetOptions, cause: string): CommandFailure {
  const { host, port } = frontEndOf(options)
  return new CommandFailure(`no answer from the front end at ${host}:${port}: ${cause}. Is it running (\`bazaar up\`)?`, EXIT.unknown)
}
