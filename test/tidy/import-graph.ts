import { importsOf, type SourceFile } from './project-files.ts'

/** The project's files by path, each with those that it imports. Type imports count like all others. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>

export function importGraph(files: readonly SourceFile[]): ImportGraph {
  const imported = (file: SourceFile) => importsOf(file).flatMap(({ path }) => (path === undefined ? [] : [path]))
  return new Map(files.map((file) => [file.path, new Set(imported(file))]))
}

/** Returns the room of a file: a folder of src/, or another folder at the top. Undefined for a file at the top. */
export function roomOf(path: string): string | undefined {
  const [folder = '', room, ...rest] = path.split('/')
  if (room === undefined) return undefined
  return folder === 'src' && rest.length > 0 ? `src/${room}` : folder
}

/** Returns the graph of rooms: which rooms each room imports from. */
export function roomGraph(files: ImportGraph): ImportGraph {
  const rooms = new Map<string, Set<string>>()
  for (const [path, imported] of files) {
    const room = roomOf(path)
    if (room === undefined) continue
    const others = [...imported].flatMap((each) => roomOf(each) ?? []).filter((each) => each !== room)
    rooms.set(room, new Set([...(rooms.get(room) ?? []), ...others]))
  }
  return rooms
}

/** Returns circles of imports, a shortest one for each knot of files: `a.ts → b.ts → a.ts`. */
export function circlesIn(graph: ImportGraph): string[] {
  const told = new Set<string>()
  return [...graph.keys()].toSorted().flatMap((path) => {
    const circle = told.has(path) ? undefined : shortestWay(graph, path, path)
    if (!circle) return []
    for (const each of reachable(graph, path)) if (reachable(graph, each).has(path)) told.add(each)
    return [circle.join(' → ')]
  })
}

/** Returns a shortest way of at least one step, both ends included. */
function shortestWay(graph: ImportGraph, from: string, to: string): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[from]]
  const seen = new Set<string>()
  for (const way of ways) {
    for (const next of graph.get(way.at(-1) ?? from) ?? []) {
      if (next === to) return [...way, next]
      if (seen.has(next)) continue
      seen.add(next)
      ways.push([...way, next])
    }
  }
  return undefined
}

function reachable(graph: ImportGraph, from: string): ReadonlySet<string> {
  const seen = new Set<string>()
  const waiting = [from]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const next of graph.get(path) ?? []) {
      if (seen.has(next)) continue
      seen.add(next)
      waiting.push(next)
    }
  }
  return seen
}
