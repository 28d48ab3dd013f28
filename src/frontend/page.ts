import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refuse } from './routes.ts'

/** The files of the page, by their path within it: "index.html", "assets/…". Empty when the page was not built. */
export type PageFiles = ReadonlyMap<string, Buffer>

/** Headers of every file of the page. */
const HEADERS: Readonly<Record<string, string>> = {
  // Scripts and styles come from here alone. The control port of `bazaar up` is on the reader's own machine.
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' http://127.0.0.1:* http://localhost:*; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

/** The name of a file in assets/ holds the digest of its content, so it never changes. The page itself is asked for each time. */
const FOREVER = 'public, max-age=31536000, immutable'
const ASK_AGAIN = 'no-cache'

const NOT_BUILT = Buffer.from(
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Stock Bazaar</title><h1>Stock Bazaar</h1>' +
    '<p>The live page is not built. Run <code>npm run build</code> in the folder of the project, and start the front end again.</p>' +
    '<p>Meanwhile: <a href="/docs">the interface</a>, <a href="/status">the status</a>.</p></html>\n',
)

const ENCODINGS = ['br', 'gzip', 'identity'] as const
type Encoding = (typeof ENCODINGS)[number]

const COMPRESS = {
  br: promisify(brotliCompress),
  gzip: promisify(gzip),
  identity: async (bytes: Buffer): Promise<Buffer> => bytes,
} satisfies Record<Encoding, (bytes: Buffer) => Promise<Buffer>>

/** Serves the live page at `/` and its parts at `/assets/…`, all from memory. */
export function addPage(app: FastifyInstance, files: PageFiles): void {
  const parts = new Map([...files].map(([path, bytes]) => [path, new PagePart(path, bytes)]))
  const page = parts.get('index.html') ?? new PagePart('index.html', NOT_BUILT)

  app.get('/', { schema: { hide: true } }, (request, reply) => page.send(request, reply))

  app.get<{ Params: { file: string } }>('/assets/:file', { schema: { hide: true } }, async (request, reply) => {
    const part = parts.get(`assets/${request.params.file}`)
    return part ? await part.send(request, reply) : refuse(reply, 'UNKNOWN_PATH')
  })
}

/** One file. It is compressed when a browser first asks for that form, and kept so. */
class PagePart {
  readonly #bytes: Buffer
  readonly #digest: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #encoded = new Map<Encoding, Promise<Buffer>>()

  constructor(path: string, bytes: Buffer) {
    this.#bytes = bytes
    this.#digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
    this.#headers = {
      ...HEADERS,
      'Content-Type': TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      'Cache-Control': path.startsWith('assets/') ? FOREVER : ASK_AGAIN,
      Vary: 'Accept-Encoding',
    }
  }

  /** Answers a request for this file: with the file, or with the word that the browser has it. */
  async send({ headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const encoding = chosenEncoding(headers['accept-encoding'])
    const tag = `"${this.#digest}-${encoding}"`
    reply.headers({ ...this.#headers, ETag: tag })
    if (isKnown(headers['if-none-match'], tag)) return reply.code(304).send()
    if (encoding !== 'identity') reply.header('Content-Encoding', encoding)
    return reply.send(await this.#in(encoding))
  }

  #in(encoding: Encoding): Promise<Buffer> {
    const known = this.#encoded.get(encoding) ?? COMPRESS[encoding](this.#bytes)
    this.#encoded.set(encoding, known)
    return known
  }
}

/** Returns the best form that the browser takes. It takes a form that it names without a weight of zero. */
function chosenEncoding(accepted = ''): Encoding {
  const taken = accepted.split(',').filter((each) => !/;\s*q=0(\.0*)?\s*$/.test(each))
  const names = new Set(taken.map((each) => each.split(';')[0]?.trim().toLowerCase()))
  return ENCODINGS.find((encoding) => names.has(encoding)) ?? 'identity'
}

const isKnown = (tags: string | undefined, tag: string): boolean =>
  tags?.split(',').some((each) => ['*', tag].includes(each.trim().replace(/^W\//, ''))) ?? false
