import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { ERRORS, type ErrorName } from '../../src/domain/errors.ts'
import { isOrder, parseBody } from '../../src/frontend/direct-routes.ts'
import { stocksOf } from '../load/stocks.ts'
import { MemoryMarket } from './market.ts'
import { announce } from './server-process.ts'

const market = new MemoryMarket(stocksOf(process.argv[2]))

function place(text: string, response: ServerResponse): void {
  const body = parseBody(text)
  if (!isOrder(body)) return refuse(response, 'INVALID_BODY')
  const placed = market.place(body)
  if (typeof placed !== 'number') return refuse(response, placed)
  send(response, 200, { data: { transaction_number: placed } })
}

function lookUp(name: string, response: ServerResponse): void {
  const stock = market.find(decodeURIComponent(name))
  if (stock) send(response, 200, { data: stock })
  else refuse(response, 'STOCK_NOT_FOUND')
}

function refuse(response: ServerResponse, name: ErrorName): void {
  const { status, code, message } = ERRORS[name]
  send(response, status, { error: { code, message } })
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) }
  response.writeHead(status, headers).end(text)
}

function withBody(request: IncomingMessage, then: (text: string) => void): void {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => {
    text += chunk
  })
  request.on('end', () => then(text))
}

const STOCKS = '/stocks/'

const server = createServer((request, response) => {
  const { method, url = '' } = request
  if (method === 'POST' && url === '/orders') withBody(request, (text) => place(text, response))
  else if (method === 'GET' && url.startsWith(STOCKS)) lookUp(url.slice(STOCKS.length), response)
  else refuse(response, 'UNKNOWN_PATH')
})
server.listen(0, '127.0.0.1', () => announce(server))
