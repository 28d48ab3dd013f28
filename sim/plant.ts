import { registerHooks } from 'node:module'
import { PLANTED_BUGS } from './planted-bugs.ts'

/** Preloaded (`--import`) into a worker: plants the bug that the environment names into the source as it is loaded. */
const bug = PLANTED_BUGS.find(({ name }) => name === process.env.SIM_PLANTED_BUG)
if (!bug) throw new Error(`no planted bug is called "${process.env.SIM_PLANTED_BUG}"`)

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(`/${bug.file}`)) return loaded
    const source = String(loaded.source)
    if (source.split(bug.find).length !== 2) throw new Error(`${bug.name}: its place in ${bug.file} is not there once`)
    return { ...loaded, source: source.replace(bug.find, () => bug.replace) }
  },
})
