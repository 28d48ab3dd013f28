import { expect, test } from 'vitest'
import { allowedOrigins } from './origins.ts'

test.each([
  [[], 'http://localhost:5173', false],
  [['loopback'], 'http://localhost:5173', true],
  [['loopback'], 'http://127.0.0.1', true],
  [['loopback'], 'http://[::1]:8080', true],
  [['loopback'], 'https://localhost', true],
  [['loopback'], 'http://localhost.example:5173', false],
  [['loopback'], 'http://127.0.0.1.example', false],
  [['loopback'], 'http://evil.example/http://localhost', false],
  [['loopback'], 'null', false],
  [['https://shop.example'], 'https://shop.example', true],
  [['https://shop.example'], 'https://shop.example:8443', false],
  [['https://shop.example'], 'http://localhost:5173', false],
])('of %j, %s: %s', (origins, origin, isAllowed) => expect(allowedOrigins(origins)(origin)).toBe(isAllowed))
