import { describe, expect, test } from 'vitest'
import { readPlainRequest } from './plain-request.ts'

const BODY_BYTES_MAX = 100
const read = (text: string) => readPlainRequest(Buffer.from(text), BODY_BYTES_MAX)

const get = (...headers: string[]) => ['GET /stocks/tesla HTTP/1.1', 'Host: here', ...headers, '', ''].join('\r\n')
const post = (body: string, ...headers: string[]) =>
  ['POST /orders HTTP/1.1', 'Host: here', `Content-Length: ${Buffer.byteLength(body)}`, ...headers, '', body].join('\r\n')

test('a GET', () => {
  expect(read(get('Accept: */*'))).toEqual({
    method: 'GET',
    path: '/stocks/tesla',
    headers: { host: 'here', accept: '*/*' },
    body: '',
  })
})

test('a POST', () => {
  expect(read(post('{"name":"Röhm"}', 'Idempotency-Key:  a b ', 'connection: Keep-Alive'))).toEqual({
    method: 'POST',
    path: '/orders',
    headers: { host: 'here', 'content-length': '16', 'idempotency-key': 'a b', connection: 'Keep-Alive' },
    body: '{"name":"Röhm"}',
  })
})

test('a body that has not arrived in full is waited for', () => {
  const whole = post('{"name":"tesla"}')
  for (let cut = whole.indexOf('{'); cut < whole.length; cut += 1) expect(read(whole.slice(0, cut))).toBe(Buffer.byteLength(whole))
})

describe('is left to node:http:', () => {
  test.each([
    ['a head that has not arrived in full', get().slice(0, -1)],
    ['nothing', ''],
    ['two requests', get() + get()],
    ['a byte behind the body', `${post('{}')}x`],
    ['another method', get().replace('GET', 'HEAD')],
    ['another version', get().replace('1.1', '1.0')],
    ['a query', get().replace('tesla', 'tesla?a=b')],
    ['an escape', get().replace('tesla', 'tesl%61')],
    ['no host', get().replace('Host', 'Most')],
    ['two hosts', get('host: there')],
    ['an empty host', get().replace('here', '')],
    ['a header twice', get('Cookie: a', 'cookie: b')],
    ['a GET with a body', get('Content-Length: 0')],
    ['a POST without a length', post('').replace('Content-Length', 'Content-Size')],
    ['a length that is no number', post('').replace(': 0', ': +0')],
    ['two lengths', post('', 'content-length: 0')],
    ['chunks', post('', 'Transfer-Encoding: chunked')],
    ['an expectation', post('{}', 'Expect: 100-continue')],
    ['another protocol', get('Upgrade: websocket')],
    ['a connection that is to end', get('Connection: close')],
    ['a connection that is to end, by the old name of the header', get('Proxy-Connection: close')],
    ['a large body', post('x'.repeat(BODY_BYTES_MAX + 1))],
    ['a large head', get(`Cookie: ${'x'.repeat(10_000)}`)],
    ['a header on two lines', get('Cookie: a', ' b')],
    ['a space before the colon', get('Cookie : a')],
    ['a line feed in a header', get('Cookie: a\nb')],
    ['a line that ends in a line feed', get('Cookie: a').replace('a\r\n', 'a\n')],
    ['a NUL in a header', get('Cookie: \0')],
    ['a header beyond ASCII', get('Cookie: ä')],
  ])('%s', (_what, text) => {
    expect(read(text)).toBe('unusual')
  })
})
