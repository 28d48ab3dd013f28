import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { BazaarClient } from '../../src/http/client.ts'
import { readOrder, readStock, type Recording } from './recording.ts'

/** How long an answer may take: five seconds, or up to a minute on a machine without time. */
const ANSWER_MS = 60_000

/**
 * Asks every front end for each stock twice, for orders at both ends of the log, and for a stock and an order that do not
 * exist. The answers come from its cache, from a leader's log and from the catalogue. Called when all faults are over. The
 * calls are recorded like any others. Returns those that had no definite answer.
 */
export async function readEverything(frontEnds: readonly string[], length: number, recording: Recording): Promise<string[]> {
  const unanswered: string[] = []
  for (const frontEnd of frontEnds) {
    const [host = '', port] = frontEnd.split(':')
    const connection = new BazaarClient({ host, port: Number(port), timeoutMs: ANSWER_MS, retryForMs: 0 })
    const names = [...OPENING_CATALOGUE.map(({ name }) => name), 'no such stock']
    for (const name of [...names, ...names]) {
      const { outcome } = await readStock(recording, connection, name)
      if (outcome.kind === 'unknown') unanswered.push(`${frontEnd} does not answer for stock ${name}`)
    }
    for (const number of new Set([0, Math.max(0, length - 1), length])) {
      const { outcome } = await readOrder(recording, connection, number)
      if (outcome.kind === 'unknown') unanswered.push(`${frontEnd} does not answer for order ${number}`)
    }
    connection.close()
  }
  return unanswered
}
