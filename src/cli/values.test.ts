import { expect, test } from 'vitest'
import {
  address,
  addresses,
  addressWithDefaultPort,
  durationMs,
  idempotencyKey,
  integer,
  listeningPorts,
  onOff,
  probability,
  stockName,
} from './values.ts'

test.each([
  ['integer', integer(0, 5), '5', 5],
  ['probability', probability, '0.25', 0.25],
  ['switch', onOff, '0', false],
  ['switch', onOff, 'on', true],
  ['address', address, '[::1]:80', '[::1]:80'],
  ['time', durationMs(1, 5_000), '500ms', 500],
  ['time', durationMs(1, 5_000), '1.5s', 1_500],
  ['time', durationMs(1, 1e9), '2min', 120_000],
  ['host without port', addressWithDefaultPort(9), 'shop', 'shop:9'],
  ['host with port', addressWithDefaultPort(9), 'shop:8', 'shop:8'],
])('%s takes %#: %s', (_, parse: (text: string) => unknown, text, value) => {
  expect(parse(text)).toBe(value)
})

test('a list of ports', () => expect(listeningPorts('0,1,65535')).toEqual([0, 1, 65_535]))

test('a list of addresses, each once', () => {
  expect(addresses('a:1,b:1')).toEqual(['a:1', 'b:1'])
  expect(() => addresses('a:1,b:1,a:1')).toThrow('It names a:1 twice.')
})

test.each([
  [integer(0, 5), ['6', '-1', '1.5', '', ' ', '1e0', 'x']],
  [probability, ['1.1', '-0.1', '', 'NaN', 'x']],
  [onOff, ['2', '', 'yes']],
  [durationMs(1, 86_400_000), ['10', '', '0s', '-1s', '1e3ms', '25h', 's', '10 s']],
  [address, ['host', 'host:', ':1', 'host:0', 'host:65536', 'a:b:1', 'http://h:1']],
  [listeningPorts, ['', '1,', 'a', '70000']],
  [stockName, ['']],
  [idempotencyKey, ['', 'a b', 'a\nb', 'ключ', 'x'.repeat(256)]],
])('refuses %#', (parse: (text: string) => unknown, texts) => {
  for (const text of texts) expect(() => parse(text), JSON.stringify(text)).toThrow(/It must/)
})
