import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { ControlPort } from '../../../test/control-port.ts'

test('a crowd of clients that send nothing: the port goes on answering', async () => {
  const control = await ControlPort.start(['order-1'])
  const crowd = Array.from({ length: 100 }, () => connect(control.port, '127.0.0.1'))
  for (const each of crowd) each.on('error', () => {})
  await Promise.all(crowd.map((each) => once(each, 'connect')))
  await expect.poll(async () => (await control.ask('GET', '/processes').catch(() => undefined))?.status).toBe(200)
  for (const each of crowd) each.destroy()
  await control.end()
})
