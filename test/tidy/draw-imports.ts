/**
 * Draws who imports whom. `npm run imports` prints the rooms for Mermaid. `npm run imports -- --files src/replica sim` prints
 * the files of these folders, and the files that they import, for Graphviz (`| dot -Tsvg > imports.svg`). Without folders it
 * prints all files.
 */
import { circlesIn, importGraph, roomGraph, type ImportGraph } from './import-graph.ts'
import { isProgram, sourceFiles } from './project-files.ts'

const [form, ...folders] = process.argv.slice(2)
if (form !== undefined && form !== '--files') {
  console.error('usage: npm run imports [-- --files FOLDER …]')
  process.exit(2)
}
// A unit test may import what its room may not.
const graph = importGraph(sourceFiles().filter(({ path }) => isProgram(path) || !path.startsWith('src/')))
console.log(form === undefined ? mermaid(roomGraph(graph)) : graphviz(graph, folders))
for (const circle of circlesIn(graph)) {
  console.error(`a circle: ${circle}`)
  process.exitCode = 1
}

function mermaid(rooms: ImportGraph): string {
  const arrows = [...rooms].flatMap(([room, imported]) => [...imported].toSorted().map((other) => `  ${room} --> ${other}`))
  return ['flowchart TD', ...arrows.toSorted()].join('\n')
}

function graphviz(files: ImportGraph, within: readonly string[]): string {
  const isDrawn = (path: string) => within.length === 0 || within.some((folder) => path.startsWith(`${folder.replace(/\/$/, '')}/`))
  const arrows = [...files].flatMap(([path, imported]) =>
    isDrawn(path) ? [...imported].toSorted().map((other) => `  "${path}" -> "${other}"`) : [],
  )
  return ['digraph imports {', '  rankdir=LR; node [shape=box, fontsize=10]', ...arrows.toSorted(), '}'].join('\n')
}
