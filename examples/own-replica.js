// An order replica in about a hundred lines, made from nothing but the contract: it knows none of the bazaar's own calls.
// Put it in a replica's place, and start your own from it. docs/own-process.md says how, and what such a program has to do.
//
//   CATALOG_HOST=127.0.0.1 node examples/own-replica.js PORT REPLICA_ID FRONTEND_HOST FRONTEND_PORT CACHE(0|1) [FILE]
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { credentials, loadPackageDefinition, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const [port, id, frontEndHost, frontEndPort, cache, file = `own-replica-${id}.jsonl`] = process.argv.slice(2)
const { CATALOG_HOST = '127.0.0.1' } = process.env
const CATALOG_ADDRESS = CATALOG_HOST.includes(':') ? CATALOG_HOST : `${CATALOG_HOST}:56892`
const OWN_ADDRESS = `127.0.0.1:${port}`
const CALL_DEADLINE_MS = 3_000
const NONE = { orderNum: -1, stockName: '', tradeType: '', stockTradeQuantity: -1 }

// ---- the log -------------------------------------------------------------------------------------------------------

/** Orders by number: 0, 1, 2, … Each is a line of the file, so that a restart finds it again. */
const log = []
if (existsSync(file)) for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) put(JSON.parse(line))

/** The leader is right: another order under that number is dropped, with all orders after it. */
function put(order) {
  log.length = order.orderNum
  log.push(order)
}

/** Takes an order in, unless orders before it are missing. It may be there already. Returns whether it is there now. */
function keep({ orderNum, stockName, tradeType, stockTradeQuantity }) {
  const order = { orderNum, stockName, tradeType, stockTradeQuantity }
  if (orderNum < 0 || orderNum > log.length) return false
  if (JSON.stringify(log[orderNum]) === JSON.stringify(order)) return true
  put(order)
  appendFileSync(file, `${JSON.stringify(order)}\n`)
  return true
}

// ---- the others ----------------------------------------------------------------------------------------------------

const PROTO = fileURLToPath(new URL('../test/contract/conformance/contract.proto', import.meta.url))
const { Catalog, Order } = loadPackageDefinition(loadSync(PROTO, { keepCase: true, defaults: true }))
const connect = (Service, address) => new Service(address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 })
const catalog = connect(Catalog, CATALOG_ADDRESS)

const call = (client, method, request) =>
  new Promise((resolve, reject) => {
    client[method](request, { deadline: Date.now() + CALL_DEADLINE_MS }, (error, answer) => (error ? reject(error) : resolve(answer)))
  })

const agent = new Agent()
/** The JSON that the front end answers with; undefined when no front end answers. */
const askFrontEnd = (path) =>
  new Promise((resolve) => {
    const asked = get({ host: frontEndHost, port: frontEndPort, path, agent, timeout: CALL_DEADLINE_MS }, async (answer) => {
      const chunks = await answer.toArray().catch(() => [])
      resolve(chunks.length > 0 ? JSON.parse(Buffer.concat(chunks)) : undefined)
    })
    asked.on('timeout', () => asked.destroy()).on('error', () => resolve(undefined))
  })

// ---- leading -------------------------------------------------------------------------------------------------------

let leads = false
const followers = new Map()
const follow = (address) => {
  if (address && !followers.has(address)) followers.set(address, connect(Order, address))
}

async function place({ stockName, tradeType, stockTradeQuantity }) {
  if (!leads) throw { code: status.FAILED_PRECONDITION, details: 'this replica does not lead' }
  const { resultTrade } = await call(catalog, 'Trade', { stockName, tradeType, stockTradeQuantity })
  if (resultTrade !== 1) return resultTrade
  const order = { orderNum: log.length, stockName, tradeType, stockTradeQuantity }
  keep(order)
  const offer = ([address, follower]) => call(follower, 'Propagate', order).catch(() => followers.delete(address))
  await Promise.all([...followers].map(offer))
  if (cache === '1') await askFrontEnd(`/cache/${encodeURIComponent(stockName)}`)
  return order.orderNum
}

/** Places one order after the other. So this log has the catalogue's numbers, as long as all orders come this way. */
let last = Promise.resolve()
const request = ({ request: order }, answer) => {
  last = last
    .then(() => place(order))
    .then(
      (transactionNum) => answer(null, { transactionNum }),
      (error) => answer({ code: error.code ?? status.INTERNAL, details: error.details ?? String(error) }),
    )
}

// ---- the calls of the contract -------------------------------------------------------------------------------------

const server = new Server()
server.addService(Order.service, {
  Request: request,
  Lookup: ({ request: { orderNum } }, answer) => answer(null, log[orderNum] ?? NONE),
  Propagate: ({ request: order }, answer) => {
    leads = false // Another replica does.
    answer(null, { resultPropagate: keep(order) ? 1 : 0 })
  },
  AssignFollowers: ({ request: { followerOne, followerTwo } }, answer) => {
    leads = true
    followers.clear()
    for (const address of [followerOne, followerTwo]) follow(address)
    answer(null, { resultFollowers: 1 })
  },
  Synchronize: (stream) => {
    for (const order of log.slice(stream.request.orderNum + 1)) stream.write(order)
    stream.end()
    follow(stream.request.synchronizedAdd)
  },
})
server.bindAsync(OWN_ADDRESS, ServerCredentials.createInsecure(), async (error) => {
  if (error) throw error
  // Asks the leader for the missing orders. When nobody leads yet, the front end finds this replica all the same.
  const leader = (await askFrontEnd('/leader'))?.data?.leader
  if (!leader || leader === OWN_ADDRESS) return
  const missing = connect(Order, leader).Synchronize({ orderNum: log.length - 1, synchronizedAdd: OWN_ADDRESS })
  missing.on('data', keep).on('error', (failure) => console.error(`cannot synchronize with ${leader}: ${failure.message}`))
})
