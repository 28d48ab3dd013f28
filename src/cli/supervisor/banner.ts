import type { StatusData } from '../../http/types.ts'
import { DEMO_WORDS } from '../demo/traffic.ts'
import type { Paint } from '../terminal.ts'
import { count } from '../units.ts'

export interface BannerFacts {
  /** "host:port" of the front end. */
  readonly frontEnd: string
  /** The address of the page, with the token for control. It is left out where others may read the text. */
  readonly page?: string
  /** The data folder as the user wrote it. */
  readonly data: string
  readonly status: StatusData
  /** True when clients of our own trade. */
  readonly demo: boolean
  readonly startedInMs: number
}

/** Returns the text for the user once the system trades. */
export function bannerLines({ frontEnd, page, data, status, demo, startedInMs }: BannerFacts, paint: Paint): string[] {
  const url = `http://${frontEnd}`
  const leader = status.replicas.find((replica) => replica.address === status.leader)
  const orders = status.catalogue.reachable ? status.catalogue.length : 0
  const more = data === './data' ? '' : ` --data ${data}`
  const body = '{"name":"tesla","type":"buy","quantity":5}'
  const order = `curl -s ${url}/orders -H 'content-type: application/json' -d '${body}'`
  const absent = status.replicas.filter((replica) => !replica.reachable).map((replica) => replica.name)
  const row = (title: string, text: string) => `  ${paint('dim', title.padEnd(17))}${text}`
  return [
    '',
    paint('bold', `Stock Bazaar trades (${(startedInMs / 1000).toFixed(1)} s to start).`),
    '',
    row('front end', paint('cyan', url)),
    ...(page === undefined ? [] : [row('page', paint('cyan', page))]),
    row('API pages', paint('cyan', `${url}/docs`)),
    row('status', paint('cyan', `${url}/status`)),
    row('leader', `${leader?.name ?? 'none'} at ${status.leader}`),
    ...(absent.length > 0 ? [row('missing', paint('red', `${absent.join(', ')}: trading works without, see \`bazaar logs\``))] : []),
    row('data', `${data}: it stays when you stop; ${count(orders, 'order')} so far`),
    ...(demo ? [row('demo', `${DEMO_WORDS}; stop, and start with --no-demo, to be without`)] : []),
    '',
    row('place an order', order),
    row('kill the leader', `npm run bazaar -- kill leader${more}`),
    row('watch', `npm run bazaar -- status --watch${more}`),
    row('stop', 'Ctrl-C'),
    '',
  ]
}
