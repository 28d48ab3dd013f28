import { stocksOf } from '../load/stocks.ts'
import { contractApp } from './contract-app.ts'
import { MemoryMarket } from './market.ts'
import { announce } from './server-process.ts'

const app = contractApp(new MemoryMarket(stocksOf(process.argv[2])))
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server)
