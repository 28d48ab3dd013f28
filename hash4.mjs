import { hash } from 'node:crypto'
const N = 300
const es = Array.from({ length: 1000 }, (_, i) => ({ number: 123456 + i, generation: 1, key: 'f:fe-00000000-0001' + (i + 0x1000).toString(16) + '-0123456789abcdef', fingerprint: 'tesla/sell/' + i % 9, name: ['tesla', 'amazon'][i % 2], type: 'sell', quantity: i % 99, timeMs: 1700000000123 + i }))
const f = process.argv[2] === 'json' ? (d, e) => hash('sha256', d + JSON.stringify([e.number, e.generation, e.key, e.fingerprint, e.name, e.type, e.quantity, e.timeMs])) : (d, e) => hash('sha256', `${d}[${e.number},${e.generation},${JSON.stringify(e.key)},${JSON.stringify(e.fingerprint)},${JSON.stringify(e.name)},"${e.type}",${e.quantity},${e.timeMs}]`)
for (let r = 0; r < 6; r++) { const a = performance.now(); let d = 'ab'.repeat(32); for (let k = 0; k < N; k++) for (let i = 0; i < 1000; i++) d = f(d, es[i]); console.log(process.argv[2], ((performance.now() - a) * 1000 / N / 1000).toFixed(2)) }
