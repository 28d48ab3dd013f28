import type { FinalLog } from './final-log.ts'
import type { Findings } from './findings.ts'
import { describe, type ListRead, type Operation, type OrderRead, type Place, type StockRead } from './history.ts'
import type { Step } from './real-time.ts'

/** Checks that each read is true at some time. Returns the reads whose time is still to be checked. */
export function checkReads(history: readonly Operation[], log: FinalLog, findings: Findings): Step[] {
  const steps: Step[] = []
  for (const operation of history) {
    if (operation.kind === 'place' || operation.outcome.kind === 'unknown') continue
    const fault = faultOf(operation, log)
    if (fault === undefined) steps.push({ operation, start: operation.start, end: operation.end })
    else findings.add('shown-true', [operation], `${describe(operation)}: ${fault}`)
  }
  return steps
}

function faultOf(read: Exclude<Operation, Place>, log: FinalLog): string | undefined {
  switch (read.kind) {
    case 'stock':
      return stockFault(read, log)
    case 'order':
      return orderFault(read, log)
    case 'list':
      return listFault(read, log)
  }
}

function stockFault({ name, outcome }: StockRead, log: FinalLog): string | undefined {
  if (outcome.kind === 'not-found') return log.has(name) ? 'the opening catalogue has that stock' : undefined
  if (outcome.kind === 'unknown' || log.everShows(name, outcome)) return undefined
  return 'no prefix of the log leaves the stock like that'
}

function orderFault({ number, outcome }: OrderRead, log: FinalLog): string | undefined {
  if (outcome.kind !== 'found' || log.holds(number, outcome)) return undefined
  return 'the log has no such order under that number'
}

function listFault({ after, limit, outcome }: ListRead, log: FinalLog): string | undefined {
  if (outcome.kind === 'unknown') return undefined
  if (outcome.orders.length > limit) return 'that is more than was asked for'
  for (const [index, order] of outcome.orders.entries()) {
    const due = after + 1 + index
    if (order.number !== due) return `it lists ${order.number} where ${due} is due`
    if (!log.holds(order.number, order)) return `the log has another order under ${order.number}`
  }
  return undefined
}
