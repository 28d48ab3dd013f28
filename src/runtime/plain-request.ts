import { isUtf8 } from 'node:buffer'

/** A request in its plainest form. Nearly every client sends this form. It can be read without a full parser. */
export interface PlainRequest {
  readonly method: 'GET' | 'POST'
  /** Letters, digits and "-._~/" only. */
  readonly path: string
  /** The values, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Empty for a GET. */
  readonly body: string
}

/** Longest head that is read here. It has room for fewer headers than node:http's limit, which is a thousand. */
const HEAD_CHARACTERS_MAX = 4_096
const REQUEST_LINE = /(GET|POST) (\/[\w.~/-]*) HTTP\/1\.1\r\n/y
const HEADER = /([\w-]+):([\t\x20-\x7e]*)\r\n/y
const LENGTH = /^\d{1,9}$/

/** Headers that change how a request is to be read or answered. node:http treats the last one like "Connection". */
const UNUSUAL = new Set(['transfer-encoding', 'expect', 'upgrade', 'proxy-connection'])

/**
 * Reads a whole request of RFC 9112 if it is plain. A plain request has one host, a body of a told length (POST) or none
 * (GET), visible ASCII in its head, no header twice, and nothing after it. Returns the request's size in bytes when its body
 * has not arrived in full. All other input, wrong or right, is "unusual" and left to node:http. So a request is read here
 * exactly as node:http reads it, or not at all.
 */
export function readPlainRequest(bytes: Buffer, bodyBytesMax: number): PlainRequest | number | 'unusual' {
  const text = bytes.toString('latin1', 0, HEAD_CHARACTERS_MAX)
  REQUEST_LINE.lastIndex = 0
  const line = REQUEST_LINE.exec(text)
  if (!line) return 'unusual'
  const method = line[1] as PlainRequest['method']
  const headers: Record<string, string> = Object.create(null)
  let at = REQUEST_LINE.lastIndex
  while (!text.startsWith('\r\n', at)) {
    HEADER.lastIndex = at
    const header = HEADER.exec(text)
    if (!header) return 'unusual'
    const name = header[1]!.toLowerCase()
    if (UNUSUAL.has(name) || headers[name] !== undefined) return 'unusual'
    headers[name] = header[2]!.trim()
    at = HEADER.lastIndex
  }
  if (!headers['host'] || (headers['connection'] ?? 'keep-alive').toLowerCase() !== 'keep-alive') return 'unusual'
  const bodyAt = at + 2
  const bodyEnd = bodyAt + bodyLength(method, headers['content-length'])
  if (Number.isNaN(bodyEnd) || bodyEnd - bodyAt > bodyBytesMax || bytes.length > bodyEnd) return 'unusual'
  if (bytes.length < bodyEnd) return bodyEnd
  const body = bytes.subarray(bodyAt, bodyEnd)
  return isUtf8(body) ? { method, path: line[2]!, headers, body: body.toString() } : 'unusual'
}

/** Returns the length of the body in bytes, or NaN when the headers do not tell it properly. */
function bodyLength(method: PlainRequest['method'], told: string | undefined): number {
  if (method === 'GET') return told === undefined ? 0 : NaN
  return told !== undefined && LENGTH.test(told) ? Number(told) : NaN
}
