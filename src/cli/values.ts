import { InvalidArgumentError } from 'commander'
import { isIdempotencyKey } from '../domain/order.ts'
import { LIMITS } from '../domain/limits.ts'
import { isAddress } from '../runtime/address.ts'

/** Parsers of options and arguments: text to value, or an InvalidArgumentError that says what is expected. */

/** An integer from `min` to `max`. */
export const integer =
  (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be an integer${rangeWords(min, max)}.`)
  }

function rangeWords(min: number, max: number): string {
  if (max !== Number.MAX_SAFE_INTEGER) return ` from ${min} to ${max}`
  return min === Number.MIN_SAFE_INTEGER ? '' : ` of at least ${min}`
}

/** A port to connect to. */
export const port = integer(1, 65_535)

/** A port to listen on; 0 chooses a free one. */
export const listeningPort = integer(0, 65_535)

export const listeningPorts = (text: string): readonly number[] => text.split(',').map(listeningPort)

/** A number from 0 to 1. */
export function probability(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('It must be a number from 0 to 1.')
}

const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['true', true],
  ['on', true],
  ['0', false],
  ['false', false],
  ['off', false],
])

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 }

/** A time with its unit, such as 10s, 500ms, 1.5min or 1h, from `minMs` to `maxMs`. Returns whole milliseconds. */
export const durationMs =
  (minMs: number, maxMs: number) =>
  (text: string): number => {
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|min|h)$/.exec(text) ?? []
    const value = Math.round(Number(amount) * (UNIT_MS[unit] ?? Number.NaN))
    if (value >= minMs && value <= maxMs) return value
    throw new InvalidArgumentError(`It must be a time such as 500ms, 10s, 2min or 1h, of ${minMs} to ${maxMs} ms.`)
  }

/** 1 or 0; true/false and on/off as well. */
export function onOff(text: string): boolean {
  const value = SWITCH.get(text)
  if (value === undefined) throw new InvalidArgumentError('It must be 0 or 1.')
  return value
}

/** "host:port"; an IPv6 host has to be in brackets. */
export function address(text: string): string {
  if (isAddress(text)) return text
  throw new InvalidArgumentError('It must be HOST:PORT, such as 127.0.0.1:56894.')
}

/** "host" or "host:port"; without a port, `defaultPort`. */
export const addressWithDefaultPort =
  (defaultPort: number) =>
  (text: string): string => {
    const withPort = `${text}:${defaultPort}`
    return isAddress(withPort) ? withPort : address(text)
  }

/** Addresses of different processes. */
export function addresses(text: string): readonly string[] {
  const all = text === '' ? [] : text.split(',').map(address)
  const twice = all.find((each, at) => all.indexOf(each) < at)
  if (twice !== undefined) throw new InvalidArgumentError(`It names ${twice} twice.`)
  return all
}

/** Origins of web pages, separated by commas: "https://shop.example", or the word "loopback". An empty text names none. */
export function origins(text: string): readonly string[] {
  const all = text === '' ? [] : text.split(',')
  const wrong = all.find((each) => each !== 'loopback' && !/^https?:\/\/[^/\s]+$/.test(each))
  if (wrong === undefined) return all
  throw new InvalidArgumentError(`"${wrong}" must be an origin, such as https://shop.example, or the word loopback.`)
}

/** The name of a stock: any text but an empty one. */
export function stockName(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.')
  return text
}

/** Names of stocks, separated by commas. Blanks are a part of the name. */
export const stockNames = (text: string): readonly string[] => text.split(',').map(stockName)

export function idempotencyKey(text: string): string {
  if (isIdempotencyKey(text)) return text
  throw new InvalidArgumentError(`It must be 1 to ${LIMITS.idempotencyKeyCharactersMax} visible ASCII characters.`)
}

export function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text)
    if (choice === undefined) throw new InvalidArgumentError(`It must be one of ${choices.join(', ')}.`)
    return choice
  }
}
