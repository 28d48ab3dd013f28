import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** How this front end behaves. Without settings it accepts every order of two stocks. */
export interface Habits {
  /** The answer to every order. */
  readonly orders?: 'accepted' | 'refused' | 'another one is kept'
  /** Called when a connection has ended. */
  readonly onClose?: () => void
  readonly stocks?: readonly string[]
}

interface Order {
  readonly name: string
  readonly type: string
  readonly quantity: number
}

/**
 * Starts a front end that does what the contract asks for, and nothing else. It answers every other path with a page of HTML,
 * and `/leader` with plain text. Returns its port.
 */
export async function frontEndOfTheContract({ orders = 'accepted', onClose, stocks = ['apple', 'tesla'] }: Habits = {}): Promise<string> {
  const placed: Order[] = []
  const server = createServer(async (request, response) => {
    const [, room = '', rest = ''] = (request.url ?? '').split('/')
    if (request.method === 'POST') return place(JSON.parse(await bodyOf(request)) as Order, response)
    if (room === 'leader') return response.writeHead(200, { 'content-type': 'text/plain' }).end('127.0.0.1:1')
    const name = decodeURIComponent(rest)
    if (room === 'stocks' && stocks.includes(name)) return answer(response, 200, { data: { name, price: 1.5, quantity: 7 } })
    if (room === 'stocks' && name !== '') return answer(response, 404, refusal('stock not found'))
    const order = room === 'orders' && rest !== '' ? placed[Number(rest)] : undefined
    if (order) return answer(response, 200, { data: { number: Number(rest), ...order } })
    return response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>')
  })
  const place = (order: Order, response: ServerResponse) => {
    if (orders === 'refused' || !stocks.includes(order.name)) return answer(response, 404, refusal('stock not found'))
    const { name, type, quantity } = order
    placed.push({ name, type, quantity: orders === 'accepted' ? quantity : quantity + 1 })
    return answer(response, 200, { data: { transaction_number: placed.length - 1 } })
  }
  server.on('connection', (socket) => socket.once('close', () => onClose?.()))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  return `${(server.address() as AddressInfo).port}`
}

const refusal = (message: string) => ({ error: { code: 404, message } })

const answer = (response: ServerResponse, status: number, body: object): unknown =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}
