import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, type Option } from 'commander'
import { CommandFailure, EXIT, wordsOf } from './failure.ts'

const DEFAULT_FILE = 'bazaar.json'

/**
 * Returns the key of an option in the configuration file: its environment variable without BAZAAR_, in camel case.
 * BAZAAR_CATALOG_PORT becomes catalogPort, CATALOG_HOST becomes catalogHost.
 */
export function configKey(variable: string): string {
  return variable
    .replace(/^BAZAAR_/, '')
    .toLowerCase()
    .replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * Reads the configuration file, and gives its values to those options of `command` that neither a flag nor the environment
 * has set. Fails on a file that cannot be read, a key that no command knows, and a value that the option would not take.
 */
export function applyConfigFile(command: Command, all: readonly Command[]): void {
  const named: string | undefined = command.getOptionValue('config')
  const file = named ?? DEFAULT_FILE
  const config = readConfig(file, named !== undefined)
  const known = new Set(all.flatMap((each) => each.options.map(keyOf)))
  for (const key of Object.keys(config)) {
    if (!known.has(key)) throw new CommandFailure(`${file}: no option is called "${key}"`, EXIT.usage)
  }
  for (const option of command.options) {
    const value = config[keyOf(option) ?? '']
    if (value !== undefined && isUnset(command, option)) setFromConfig(command, option, value, file)
  }
}

const keyOf = (option: Option): string | undefined =>
  option.envVar === undefined || option.attributeName() === 'config' ? undefined : configKey(option.envVar)

function isUnset(command: Command, option: Option): boolean {
  const source = command.getOptionValueSource(option.attributeName())
  return source === undefined || source === 'default'
}

function setFromConfig(command: Command, option: Option, value: unknown, file: string): void {
  try {
    const parsed: unknown = option.parseArg ? option.parseArg(String(value), undefined) : String(value)
    command.setOptionValueWithSource(option.attributeName(), parsed, 'config')
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new CommandFailure(`${file}: "${keyOf(option)}" is ${JSON.stringify(value)}. ${error.message}`, EXIT.usage)
  }
}

function readConfig(file: string, mustExist: boolean): Readonly<Record<string, unknown>> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (!mustExist && (error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new CommandFailure(`cannot read the configuration file: ${wordsOf(error)}`, EXIT.usage)
  }
  try {
    const config: unknown = JSON.parse(text)
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return { ...config }
  } catch {
    // Text that is not JSON gets the same message as JSON that is no object.
  }
  throw new CommandFailure(`${file} must hold one JSON object, such as {"port": 8080}`, EXIT.usage)
}
