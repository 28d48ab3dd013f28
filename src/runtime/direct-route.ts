import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'

/** What a route answers, as JSON. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/**
 * A POST that is answered without the framework, which would take as long for it as everything else does. Only plain
 * requests are: exactly this path, and a body of known length. Everything unusual goes the usual way.
 */
export interface DirectRoute {
  readonly path: string
  readonly bodyBytesMax: number
  /** The answer to a request that there is no room for, given before its body is read; undefined while there is room. */
  refuse(): HttpAnswer | undefined
  /** Never rejects. */
  answer(headers: IncomingHttpHeaders, body: string): Promise<HttpAnswer>
}

/** A server with one direct route; `others` takes the rest, and everything once the server is closing. */
export function serverWithDirectRoute(route: DirectRoute, others: RequestListener): Server {
  const server = createServer((request, response) => {
    if (server.listening && isPlain(route, request)) take(route, request, response)
    else others(request, response)
  })
  return server
}

function isPlain({ path, bodyBytesMax }: DirectRoute, { method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    url === path &&
    Number(headers['content-length']) <= bodyBytesMax &&
    headers['transfer-encoding'] === undefined &&
    headers.expect === undefined
  )
}

function take(route: DirectRoute, request: IncomingMessage, response: ServerResponse): void {
  const refused = route.refuse()
  if (refused) {
    request.resume()
    return send(response, refused)
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
