import { accessSync, constants, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Unavailable } from '../run/system.ts'

/** Finds packages and programs that a peer needs, and the project does not bring. */

/** A package of npm, with the version that the benchmark was written for. */
export interface ForeignPackage {
  readonly name: string
  readonly version: string
}

/**
 * Returns where `import` finds a package: below `modules` when that is given, or else in the project.
 * @throws Unavailable when it is not installed.
 */
export function packageUrl({ name, version }: ForeignPackage, modules: string | undefined): string {
  const from = modules === undefined ? import.meta.url : pathToFileURL(join(modules, 'package.json'))
  try {
    return pathToFileURL(createRequire(from).resolve(name)).href
  } catch {
    const install = `npm install --no-save --prefix <folder> ${name}@${version}`
    throw new Unavailable(`the package ${name} is missing: ${install}, then --modules <folder>`)
  }
}

/** Returns the path of a program, looked for in `folders` and then in PATH. Undefined when there is none. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const searched = [...folders, ...(process.env['PATH'] ?? '').split(delimiter)]
  return searched.map((folder) => join(folder, name)).find(isExecutable)
}

/** Returns the folders `<parent>/<any>/<rest>`, the last by name first. */
export function foldersBelow(parent: string, rest: string): string[] {
  try {
    const names = readdirSync(parent).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    return names.map((name) => join(parent, name, rest))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
