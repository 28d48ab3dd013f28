import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ControlServer } from '../src/cli/supervisor/control-server.ts'
import { ProcessControl } from '../src/cli/supervisor/process-control.ts'
import { Supervisor } from '../src/cli/supervisor/supervisor.ts'
import type { ControlledProcess, ProcessEventData } from '../src/http/control.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { systemRandom } from '../src/runtime/random.ts'
import { eventually, HOPELESS_MS } from './fault/process.ts'

export const TOKEN = 'a-token-of-this-test'
/** The origin of the front end, whose page may control. */
export const ORIGIN = 'http://127.0.0.1:56893'

const SERVES = `
  for (const request of ['SIGTERM', 'disconnect']) process.on(request, () => process.exit(0))
  setInterval(() => {}, 1e6)
  process.send('serving')
`

export interface Asked {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** A control port with real processes behind it, which do nothing. Process NAME has the address "NAME:1". */
export class ControlPort {
  readonly server = new ControlServer({ clock: systemClock, token: TOKEN, origin: ORIGIN })
  readonly #folder = mkdtempSync(join(tmpdir(), 'bazaar-control-'))
  readonly #agent = new Agent()
  readonly #supervisor: Supervisor
  /** The address of the replica that leads. */
  leader: string | undefined

  private constructor(names: readonly string[]) {
    this.#supervisor = new Supervisor({
      plans: names.map((name) => ({ name, address: `${name}:1`, args: [], stopStage: 0 })),
      logFolder: this.#folder,
      clock: systemClock,
      tell: (event) => this.server.tell(event),
      spawn: (_, output) => spawn(process.execPath, ['-e', SERVES], { stdio: ['ignore', output, output, 'ipc'], detached: true }),
    })
  }

  /** Starts the processes, and waits until all of them serve. */
  static async start(names: readonly string[]): Promise<ControlPort> {
    const port = new ControlPort(names)
    await port.server.listen()
    const leaderAddress = async () => port.leader
    port.server.serve(new ProcessControl({ processes: port.#supervisor.kept, leaderAddress, random: systemRandom }))
    port.#supervisor.start()
    await eventually(
      'all processes serve',
      HOPELESS_MS,
      () => port.#supervisor.kept.every((each) => each.controlled.state === 'running') || undefined,
    )
    return port
  }

  /** Closes the port, and ends the processes. */
  async end(): Promise<void> {
    this.server.close()
    this.#supervisor.kill()
    await this.#supervisor.stop()
    rmSync(this.#folder, { recursive: true })
  }

  get port(): number {
    return Number(this.server.address.split(':')[1])
  }

  /** Sends one request with the token and a loopback host, unless `headers` say otherwise: undefined leaves a header out. */
  ask(method: string, path: string, headers: OutgoingHttpHeaders = {}, body?: string): Promise<Asked> {
    const usual = { authorization: `Bearer ${TOKEN}`, ...(body !== undefined && { 'content-type': 'application/json' }) }
    const given = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== undefined)
    const target = { host: '127.0.0.1', port: this.port, agent: this.#agent, method, path, headers: Object.fromEntries(given) }
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(target, (incoming) => {
        let text = ''
        incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }))
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  post(path: string, body?: object): Promise<Asked> {
    return this.ask('POST', path, {}, body && JSON.stringify(body))
  }

  async processes(): Promise<readonly ControlledProcess[]> {
    return dataOf<{ processes: ControlledProcess[] }>(await this.ask('GET', '/processes')).processes
  }

  async process(name: string): Promise<ControlledProcess | undefined> {
    return (await this.processes()).find((each) => each.name === name)
  }

  /** Calls `begun` once the stream of events has begun. Reads events until `isLast`, or until the stream ends. */
  async eventsUntil(isLast: (event: ProcessEventData) => boolean, begun: () => unknown): Promise<readonly ProcessEventData[]> {
    const headers = { authorization: `Bearer ${TOKEN}` }
    const outgoing = httpRequest({ host: '127.0.0.1', port: this.port, agent: this.#agent, path: '/events', headers }).end()
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    begun()
    let text = ''
    const events = () =>
      [...text.matchAll(/^event: process\ndata: (.*)\n\n/gm)].map(([, data = '']) => JSON.parse(data) as ProcessEventData)
    for await (const piece of incoming.setEncoding('utf8')) {
      text += piece
      if (events().some(isLast)) break
    }
    return events()
  }
}

export const dataOf = <T>({ text }: Asked): T => (JSON.parse(text) as { data: T }).data
export const messageOf = ({ text }: Asked): string => (JSON.parse(text) as { error: { message: string } }).error.message
