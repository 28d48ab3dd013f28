import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { systemClock } from './clock.ts'
import { ParkedConnections } from './parked-connections.ts'

/** What a route answers, as JSON. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/**
 * Requests that are answered without the framework, which would take as long for one as everything else does. Only plain
 * ones are: exactly these paths, a GET without a body, a POST with one of known length. Everything unusual goes the usual
 * way.
 */
export interface DirectRoutes {
  readonly get: {
    /** What stands before the last part of the path, which is letters, digits and "-._~" only. */
    readonly folder: string
    /** The answer when it is at hand; undefined leaves the request to the framework. Never throws. */
    answer(name: string): HttpAnswer | undefined
  }
  readonly post: {
    readonly path: string
    readonly bodyBytesMax: number
    /** The answer to a request that there is no room for, given before its body is read; undefined while there is room. */
    refuse(): HttpAnswer | undefined
    /** Never rejects. */
    answer(headers: IncomingHttpHeaders, body: string): Promise<HttpAnswer>
  }
}

const PLAIN_NAME = /^[\w.~-]+$/

/** A server with direct routes; `others` takes the rest, and everything once the server is closing. */
export function serverWithDirectRoutes({ get, post }: DirectRoutes, others: RequestListener): Server {
  const parked = new ParkedConnections(systemClock)
  const server = createServer((request, response) => {
    if (!server.listening) others(request, response)
    else if (request.method === 'GET') {
      const answer = answerTo(get, request)
      if (answer) send(response, answer)
      else others(request, response)
    } else if (isPlain(post, request)) take(post, request, response, parked)
    else others(request, response)
  })
  return server.on('close', () => parked.close())
}

function answerTo({ folder, answer }: DirectRoutes['get'], { url = '', headers }: IncomingMessage): HttpAnswer | undefined {
  if (!url.startsWith(folder) || headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return undefined
  const name = url.slice(folder.length)
  return PLAIN_NAME.test(name) ? answer(name) : undefined
}

function isPlain({ path, bodyBytesMax }: DirectRoutes['post'], { method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    url === path &&
    Number(headers['content-length']) <= bodyBytesMax &&
    headers['transfer-encoding'] === undefined &&
    headers.expect === undefined
  )
}

function take(route: DirectRoutes['post'], request: IncomingMessage, response: ServerResponse, parked: ParkedConnections): void {
  const refused = route.refuse()
  if (refused) {
    send(response, refused)
    // Only now: at the end of a request node:http reads on by itself.
    request.on('end', () => parked.park(request.socket)).resume()
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    void route.answer(request.headers, whole.toString()).then((answer) => send(response, answer))
  })
}

function send(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
