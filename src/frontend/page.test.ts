import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpServer } from '../runtime/http-server.ts'
import { silentLogger } from '../runtime/logger.ts'
import { addErrorHandling, answerToBroken, refusePath } from './errors.ts'
import { addPage, type PageFiles } from './page.ts'

const SCRIPT = Buffer.from('console.log("a page")\n'.repeat(200))
const FILES: PageFiles = new Map([
  ['index.html', Buffer.from('<!doctype html><title>Stock Bazaar</title>')],
  ['assets/index-Ab_1.js', SCRIPT],
])

function serverFor(files: PageFiles): FastifyInstance {
  const app = httpServer({ bodyBytesMax: 1_024, parameterCharactersMax: 1_024, refusePath, answerToBroken })
  addErrorHandling(app, silentLogger)
  addPage(app, files)
  return app
}

const [app, bare] = [serverFor(FILES), serverFor(new Map())]
const agent = new Agent({ keepAlive: true })
beforeAll(() => Promise.all([app, bare].map((each) => each.listen({ host: '127.0.0.1', port: 0 }))))
afterAll(async () => {
  agent.destroy()
  await Promise.all([app.close(), bare.close()])
})

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET', server = app): Promise<Answer> {
  const { port } = server.server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, agent, path, headers, method }, (incoming) => {
      const parts: Buffer[] = []
      incoming.on('data', (part: Buffer) => parts.push(part))
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes: Buffer.concat(parts) }))
    })
    asked.on('error', reject).end()
  })
}

describe('the page', () => {
  test('is at the root, and is asked for each time', async () => {
    const { status, headers, bytes } = await ask('/')
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-cache')
    expect(bytes.toString()).toContain('Stock Bazaar')
  })

  test('runs no script and asks no server but its own, and the reader’s own machine', async () => {
    const { headers } = await ask('/')
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    const origins = [...policy.matchAll(/https?:\/\/([^ ;:]+)/g)].map(([, host]) => host)
    expect(new Set(origins)).toEqual(new Set(['127.0.0.1', 'localhost']))
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
  })

  test('a part of it never changes under its name', async () => {
    const { headers, bytes } = await ask('/assets/index-Ab_1.js')
    expect(headers['cache-control']).toContain('immutable')
    expect(headers['content-type']).toContain('javascript')
    expect(bytes).toEqual(SCRIPT)
  })

  test.each([
    ['gzip, deflate', 'gzip', gunzipSync],
    ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
    ['br;q=0, gzip;q=0.5', 'gzip', gunzipSync],
    ['identity', undefined, (bytes: Buffer) => bytes],
    ['br;q=0.0', undefined, (bytes: Buffer) => bytes],
  ])('for a browser that takes %s it comes as %s', async (accepted, encoding, unpacked) => {
    const { headers, bytes } = await ask('/assets/index-Ab_1.js', { 'accept-encoding': accepted })
    expect(headers['content-encoding']).toBe(encoding)
    expect(headers['content-length']).toBe(`${bytes.length}`)
    expect(headers.vary).toBe('Accept-Encoding')
    expect(unpacked(bytes)).toEqual(SCRIPT)
  })

  test('is not sent to a browser that has it', async () => {
    const { headers } = await ask('/', { 'accept-encoding': 'br' })
    const tag = String(headers.etag)
    const again = await ask('/', { 'accept-encoding': 'br', 'if-none-match': `"other", W/${tag}` })
    expect(again).toMatchObject({ status: 304, bytes: Buffer.alloc(0) })
    expect(again.headers.etag).toBe(tag)
    expect((await ask('/', { 'accept-encoding': 'gzip', 'if-none-match': tag })).status).toBe(200)
  })

  test('has heads', async () => {
    const { status, headers, bytes } = await ask('/', {}, 'HEAD')
    expect([status, bytes.length]).toEqual([200, 0])
    expect(headers['content-length']).toBe(`${FILES.get('index.html')?.length}`)
  })

  test.each(['/assets/none.js', '/assets/..%2findex.html', '/assets/', '/index.html'])(
    '%s is refused as any unknown path',
    async (path) => {
      const { status, bytes } = await ask(path)
      expect(status).toBe(404)
      expect(JSON.parse(bytes.toString())).toMatchObject({ error: { code: 404 } })
    },
  )

  test.each(['/', '/assets/index-Ab_1.js'])('%s takes no POST', async (path) => {
    expect(await ask(path, {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  })

  test('says how to build it where it was not built', async () => {
    const { status, bytes } = await ask('/', {}, 'GET', bare)
    expect(status).toBe(200)
    expect(bytes.toString()).toContain('npm run build')
  })
})
