// Builds the page at `/` from web/ into dist/web: `npm run build`. `npm ci` does it, too, with --if-possible: where Vite was
// left out (--omit=dev) it says so and goes on, since everything but the page runs without it. Plain JavaScript, which an old
// Node understands: Vite itself runs on the Node that `npm ci` brings along.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findRuntime } from '../bin/runtime.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const VITE = fileURLToPath(new URL('../node_modules/vite/bin/vite.js', import.meta.url))
const OLDEST_MAJOR = 22

const isOptional = process.argv.includes('--if-possible')
const node = findRuntime() ?? (Number(process.versions.node.split('.')[0]) >= OLDEST_MAJOR ? process.execPath : undefined)

if (!existsSync(VITE)) giveUp('Vite is not installed. `npm ci` without --omit=dev brings it.')
else if (!node) giveUp(`this takes Node ${OLDEST_MAJOR} or newer. \`npm ci\` without --omit=optional brings one.`)
else {
  const { status, stdout, stderr } = spawnSync(node, [VITE, 'build', 'web', '--logLevel', 'warn'], { cwd: ROOT, encoding: 'utf8' })
  process.stdout.write(stdout ?? '')
  process.stderr.write(stderr ?? '')
  if (status !== 0) giveUp('Vite failed.')
}

function giveUp(why) {
  console.error(`the page at / was not built: ${why}`)
  if (!isOptional) process.exitCode = 1
}
