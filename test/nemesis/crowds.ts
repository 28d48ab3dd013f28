import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Scene, Step } from './scene.ts'
import { namesOf } from './targets.ts'

const DESCRIPTORS = 256
/** The number of clients: more than there are descriptors. */
const CROWD = 300
/** How long a process has to start. If it does not listen by then, the crowd is refused. */
const START_MS = 1_000

/** Starts a process with few descriptors, and lets more clients than that hang on it. */
export async function crowd({ fleet, tell, last }: Scene, step: Step): Promise<void> {
  const [name = ''] = await namesOf(step.targets, fleet)
  tell(`SIGKILL ${name}, started with ${DESCRIPTORS} descriptors; ${CROWD} slow clients for ${step.lastsMs} ms`)
  const start = await fleet.takeDown(name, 'SIGKILL')
  fleet.limitDescriptors(name, DESCRIPTORS)
  start()
  await sleep(START_MS)
  const clients = Array.from({ length: CROWD }, () => hangOn(fleet.port(name)))
  await last(step)
  for (const client of clients) client.destroy()
  fleet.limitDescriptors(name, undefined)
  tell(`the crowd at ${name} is gone`)
}

/** Begins a request and never ends it. */
function hangOn(port: number): Socket {
  const client = connect({ host: '127.0.0.1', port }, () => client.write('GET /stocks/tesla HTT'))
  return client.on('error', () => {})
}
