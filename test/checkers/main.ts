/**
 * Checks a recorded history: `node test/checkers/main.ts FILE.jsonl`. Exit codes: 0 when it keeps the promise, 1 when it does
 * not, 2 when it cannot be read or has no operations. Each line is a JSON object:
 *
 *   {"opening":[{"name":"tesla","priceCents":18326,"quantity":1000,"volume":100}]}
 *   {"operation":{"kind":"place","key":"c:1","name":"tesla","type":"buy","quantity":5,"start":10,"end":14,
 *                 "outcome":{"kind":"accepted","number":0}}}
 *       or {"kind":"rejected","reason":"not-enough"} (all reasons: RejectionReason in src/domain/order.ts),
 *       {"kind":"key-reused"}, {"kind":"unknown"} (503, timeout, connection lost)
 *   {"operation":{"kind":"stock","name":"tesla","start":11,"end":12,
 *                 "outcome":{"kind":"found","price":183.26,"quantity":995,"volume":105}}}
 *       volume may be absent; or {"kind":"not-found"}, {"kind":"unknown"}
 *   {"operation":{"kind":"order","number":0,"start":15,"end":16,
 *                 "outcome":{"kind":"found","name":"tesla","type":"buy","quantity":5}}}
 *       or {"kind":"not-found"}, {"kind":"unknown"}
 *   {"operation":{"kind":"list","after":-1,"limit":100,"start":17,"end":18,
 *                 "outcome":{"kind":"found","orders":[{"number":0,"name":"tesla","type":"buy","quantity":5}]}}}
 *       or {"kind":"unknown"}
 *   {"entry":{"number":0,"key":"c:1","name":"tesla","type":"buy","quantity":5}}
 *
 * The opening catalogue comes first, then the operations in any order, then the final log in its order. Times are numbers of
 * any unit on one monotonic clock. An `end` that is null or absent says that no answer came. Keys are written as in the log
 * ("c:" before a client's own key, "f:" before one that a front end made). Other members are ignored.
 */
import { checkHistory } from './check-history.ts'
import { RULES } from './findings.ts'
import { readRecording } from './history-file.ts'

const EXIT_VIOLATED = 1
const EXIT_UNUSABLE = 2

async function main(file: string | undefined): Promise<number> {
  if (file === undefined) throw new Error('usage: node test/checkers/main.ts FILE.jsonl')
  const { opening, operations, log } = await readRecording(file)
  const verdict = checkHistory(operations, log, opening)
  if (verdict.ok) {
    console.log(`ok: ${verdict.operations} operations and a log of ${log.length} entries keep the promise`)
    return 0
  }
  for (const { rule, explanation, operations: involved } of verdict.violations) {
    console.log(`${rule}: ${explanation}`)
    console.log(`  broken: ${RULES[rule]}`)
    for (const operation of involved) console.log(`  ${JSON.stringify(operation)}`)
  }
  const violations = verdict.violations.length
  console.log(`NOT ok: ${violations} violations among ${operations.length} operations (20 at most are told)`)
  return EXIT_VIOLATED
}

try {
  process.exitCode = await main(process.argv[2])
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = EXIT_UNUSABLE
}
