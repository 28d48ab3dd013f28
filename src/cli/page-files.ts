import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PageFiles } from '../frontend/page.ts'

/** Where `npm run build` puts the live page. */
const FOLDER = fileURLToPath(new URL('../../dist/web', import.meta.url))

/** Returns the files of the live page; none when it was not built. */
export function readPageFiles(folder = FOLDER): PageFiles {
  try {
    const items = readdirSync(folder, { recursive: true, withFileTypes: true })
    return new Map(
      items
        .filter((item) => item.isFile())
        .map(({ parentPath, name }) => {
          const path = join(parentPath, name)
          return [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path)]
        }),
    )
  } catch {
    return new Map()
  }
}
