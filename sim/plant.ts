import { registerHooks } from 'node:module'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { plant } from './planting.ts'

/** Preloaded (`--import`) into a worker. Plants the bug that the environment names into the source while it is loaded. */
const bug = PLANTED_BUGS.find(({ name }) => name === process.env.SIM_PLANTED_BUG)
if (!bug) throw new Error(`no planted bug is called "${process.env.SIM_PLANTED_BUG}"`)

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    return url.endsWith(`/${bug.file}`) ? { ...loaded, source: plant(String(loaded.source), bug) } : loaded
  },
})
