import { simulate } from './simulation.ts'
const seed = Number(process.argv[2] ?? 1), runs = Number(process.argv[3] ?? 1)
const t = performance.now(); let events = 0, ops = 0, entries = 0
for (let s = seed; s < seed + runs; s++) {
  const r = await simulate(s, { keepTrace: runs === 1 })
  events += r.events; ops += r.operations.length; entries += r.log.length
  if (runs === 1) console.log(r.trace.join('\n'))
  if (r.violations.length) console.log('seed', s, r.mix, r.violations)
}
const dt = performance.now() - t
console.log({ runs, events: events / runs, ops: ops / runs, entries: entries / runs, usPerEvent: dt * 1000 / events, sPerRun: dt / runs / 1000 })
