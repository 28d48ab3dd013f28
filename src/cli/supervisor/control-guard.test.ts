import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ControlPort, ORIGIN, TOKEN } from '../../../test/control-port.ts'
import { CONTROL_FOR_MS_MAX } from '../../http/control.ts'

let control: ControlPort
beforeAll(async () => {
  control = await ControlPort.start(['order-1'])
})
afterAll(() => control.end())

describe('who is turned away', () => {
  const untouched = async () => (await control.processes()).every(({ restarts, state }) => restarts === 0 && state === 'running')
  afterEach(async () => expect(await untouched()).toBe(true))

  test.each([
    ['no token', { authorization: undefined }, 401],
    ['another token', { authorization: 'Bearer a-token-of-this-tesT' }, 401],
    ['the beginning of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 401],
    ['more than the token', { authorization: `Bearer ${TOKEN}x` }, 401],
    ['an empty token', { authorization: 'Bearer ' }, 401],
    ['the token as a password', { authorization: `Basic ${Buffer.from(`:${TOKEN}`).toString('base64')}` }, 401],
    ['the token in a cookie', { authorization: undefined, cookie: `token=${TOKEN}` }, 401],
    ['a name that was made to lead here', { host: 'evil.example:80' }, 403],
    ['such a name with the right port', { host: 'evil.example:PORT' }, 403],
    ['a loopback name without the port', { host: '127.0.0.1' }, 403],
    ['a name that begins like ours', { host: '127.0.0.1:PORT.evil.example' }, 403],
    ['a page of somebody else', { origin: 'https://evil.example' }, 403],
    ['a page of another port of this machine', { origin: 'http://127.0.0.1:56894' }, 403],
    ['a page over TLS', { origin: 'https://127.0.0.1:56893' }, 403],
    ['a page without an origin, such as a file', { origin: 'null' }, 403],
  ])('%s', async (_, headers, status) => {
    const { host } = headers as { host?: string }
    const given = host === undefined ? headers : { host: host.replace('PORT', `${control.port}`) }
    for (const [method, path] of [
      ['GET', '/processes'],
      ['GET', '/events'],
      ['POST', '/processes/all/kill'],
      ['GET', '/nowhere'],
    ] as const) {
      const answer = await control.ask(method, path, given)
      expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([status, undefined])
      expect(answer.text).not.toContain(TOKEN)
    }
  })

  test('a form of a page, which a browser sends without asking', async () => {
    const form = { 'content-type': 'text/plain', origin: 'https://evil.example' }
    expect((await control.ask('POST', '/processes/all/kill', form, '{}')).status).toBe(403)
    expect((await control.ask('POST', '/processes/all/kill', { ...form, origin: ORIGIN, authorization: undefined }, '{}')).status).toBe(401)
    expect((await control.ask('POST', '/processes/all/kill', { ...form, origin: ORIGIN }, '{}')).status).toBe(415)
    const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await control.ask('POST', '/processes/all/kill', urlencoded, 'a=1')).status).toBe(415)
  })

  test('a token in the address', async () => {
    expect((await control.ask('GET', `/processes?token=${TOKEN}`, { authorization: undefined })).status).toBe(401)
  })

  test('a body that is too large, and a length that would be', async () => {
    expect((await control.ask('POST', '/processes/all/kill', {}, `{"x":"${'x'.repeat(2_000_000)}"}`)).status).toBe(413)
  })

  test.each([
    ['no JSON', 'kill', '{'],
    ['no object', 'kill', '[1]'],
    ['a time that is no number', 'pause', '{"forMs":"10s"}'],
    ['no time at all', 'pause', '{"forMs":0}'],
    ['a broken time', 'pause', '{"forMs":1.5}'],
    ['more than a day', 'kill', `{"forMs":${CONTROL_FOR_MS_MAX + 1}}`],
    ['a time for a restart', 'restart', '{"forMs":10}'],
  ])('%s', async (_, action, body) => {
    expect((await control.ask('POST', `/processes/all/${action}`, {}, body)).status).toBe(400)
  })

  test.each([
    ['GET', '/processes/all/kill', 405, 'POST'],
    ['POST', '/processes', 405, 'GET'],
    ['DELETE', '/events', 405, 'GET'],
    ['POST', '/processes/all/explode', 404, undefined],
    ['POST', '/processes/%ff/kill', 404, undefined],
    ['POST', '/processes/../all/kill', 404, undefined],
    ['GET', 'http://evil.example/processes', 404, undefined],
    ['GET', '/', 404, undefined],
  ])('%s %s', async (method, path, status, allow) => {
    const { headers, ...answer } = await control.ask(method, path)
    expect([answer.status, headers.allow]).toEqual([status, allow])
  })

  test('input that is no HTTP', async () => {
    const socket = connect(control.port, '127.0.0.1')
    socket.end('\x16\x03\x01 this is no HTTP\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /)
  })

  test('a request without a host', async () => {
    const socket = connect(control.port, '127.0.0.1')
    socket.write(`GET /processes HTTP/1.0\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect(answer.toString()).toMatch(/^HTTP\/1.1 403 /)
  })
})

describe('a page of the front end', () => {
  test('is told in advance that it may ask, and may read the answers', async () => {
    const asked = { origin: ORIGIN, authorization: undefined, 'access-control-request-private-network': 'true' }
    const advance = await control.ask('OPTIONS', '/processes/all/kill', { ...asked, 'access-control-request-method': 'POST' })
    expect(advance).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'authorization, content-type',
        'access-control-allow-private-network': 'true',
      },
    })
    expect(advance.headers['access-control-allow-credentials']).toBeUndefined()
    const answer = await control.ask('GET', '/processes', { origin: ORIGIN })
    expect([answer.status, answer.headers['access-control-allow-origin'], answer.headers.vary]).toEqual([200, ORIGIN, 'Origin'])
  })

  test('of another origin is told nothing in advance', async () => {
    const advance = await control.ask('OPTIONS', '/processes/all/kill', { origin: 'https://evil.example' })
    expect([advance.status, advance.headers['access-control-allow-private-network']]).toEqual([403, undefined])
  })

  test('is opened with the token by an address that works once', async () => {
    const path = new URL(control.server.urlForOnce()).pathname
    expect((await control.ask('GET', `${path}0`, { authorization: undefined })).status).toBe(410)
    expect((await control.ask('GET', path, { authorization: undefined, host: 'evil.example' })).status).toBe(403)
    const first = await control.ask('GET', path, { authorization: undefined })
    expect([first.status, first.headers.location]).toEqual([302, `${ORIGIN}/#token=${TOKEN}&control=${control.server.address}`])
    expect((await control.ask('GET', path, { authorization: undefined })).status).toBe(410)
  })
})
