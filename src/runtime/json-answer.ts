import { STATUS_CODES } from 'node:http'
import { systemClock } from './clock.ts'

/** The answer of a route. */
export interface JsonAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The body: a JSON text. */
  readonly json: string
}

/** The `content-type` of every answer. */
export const JSON_TYPE = 'application/json; charset=utf-8'

/** Writes an answer as HTTP. The answer says that the connection stays open for `keepAliveMs`, or ends when that is undefined. */
export function written(
  { status, headers, json }: JsonAnswer,
  keepAliveMs: number | undefined,
): { text: string; encoding: 'latin1' | 'utf8' } {
  const bytes = Buffer.byteLength(json)
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`
  head += `content-type: ${JSON_TYPE}\r\ncontent-length: ${bytes}\r\nDate: ${date()}\r\n`
  const ending =
    keepAliveMs === undefined ? 'Connection: close' : `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}`
  // Latin-1 is faster to write, and gives the same bytes when each character takes one byte.
  return { text: `${head}${ending}\r\n\r\n${json}`, encoding: bytes === json.length ? 'latin1' : 'utf8' }
}

let dateSecond = 0
let dateText = ''

/** Returns the present time in the form of a header. The text is made once a second. */
function date(): string {
  const second = Math.floor(systemClock.wallMs() / 1_000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1_000).toUTCString()
  }
  return dateText
}
