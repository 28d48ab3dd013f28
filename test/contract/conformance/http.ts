import { Agent, request, type IncomingHttpHeaders } from 'node:http'

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Parsed JSON, or undefined when the body is not JSON. */
  readonly body: unknown
  readonly text: string
}

export interface AskOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent unchanged, with the content type of JSON unless `headers` name another one. */
  readonly body?: string
  readonly agent?: Agent
  /** Milliseconds after which a request without an answer fails. The default is a minute. */
  readonly deadlineMs?: number
}

/** An agent of our own. Node's own one may use a proxy that the environment names. */
const kept = new Agent({ keepAlive: true, timeout: 5_000 })

/**
 * Makes one HTTP request. The path is sent byte by byte as given (fetch would tidy it up). Rejects only when there is no
 * answer: the connection was refused or reset, or the deadline is over.
 */
export function ask(address: string, path: string, options: AskOptions = {}): Promise<HttpAnswer> {
  const { method = 'GET', body, agent = kept, deadlineMs = 60_000 } = options
  const headers: Record<string, string> = { ...(body === undefined ? {} : bodyHeaders(body)), ...options.headers }
  const url = new URL(`http://${address}`)
  return new Promise((resolve, reject) => {
    const asked = request({ host: url.hostname, port: url.port, path, method, headers, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed(text), text })
      })
    })
    asked.setTimeout(deadlineMs, () => asked.destroy(new Error(`no answer within ${deadlineMs} ms`)))
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Sends `POST /orders` with this body. */
export function order(address: string, body: unknown, options: AskOptions = {}): Promise<HttpAnswer> {
  return ask(address, '/orders', { ...options, method: 'POST', body: JSON.stringify(body) })
}

const bodyHeaders = (body: string) => ({
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(body)),
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns the content of a success envelope. Throws, with the whole answer, on anything else. */
export function dataOf<T>(answer: HttpAnswer): T {
  const body = answer.body as { data?: T } | undefined
  if (answer.status !== 200 || body?.data === undefined) {
    throw new Error(`expected 200 and {"data": …}, got ${answer.status} ${answer.text}`)
  }
  return body.data
}
