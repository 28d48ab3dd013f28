import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '../../domain/text.ts'
import { requireNoPipe } from '../supervisor/no-pipe.ts'
import type { UsualLevels } from './traffic.ts'

const pathIn = (data: string): string => join(data, 'demo.json')

/** Returns the levels that a folder with demo traffic remembers, or undefined for a folder without. */
export function readDemo(data: string): UsualLevels | undefined {
  let text: string
  try {
    requireNoPipe(pathIn(data))
    text = readFileSync(pathIn(data), 'utf8')
  } catch {
    return undefined
  }
  const { usual } = (parseJson(text) ?? {}) as { usual?: unknown }
  const levels = typeof usual === 'object' && usual !== null ? Object.entries(usual) : []
  return Object.fromEntries(levels.filter((each): each is [string, number] => Number.isSafeInteger(each[1]) && each[1] >= 0))
}

/** Remembers in the folder that it has demo traffic, and the levels that the traffic keeps near. */
export function writeDemo(data: string, usual: UsualLevels): void {
  writeFileSync(`${pathIn(data)}.new`, `${JSON.stringify({ usual }, null, 2)}\n`)
  renameSync(`${pathIn(data)}.new`, pathIn(data))
}

/** Forgets that the folder has demo traffic. */
export const forgetDemo = (data: string): void => rmSync(pathIn(data), { force: true })

/** Says whether a folder holds no order yet: no file of a database, be it damaged or put aside. */
const isNewFolder = (data: string): boolean => !readdirSync(data).some((name) => name.includes('.db'))

/** The words of the one who starts a system. `demo` is undefined when nothing was said of it. */
export interface DemoWish {
  readonly demo?: boolean
  readonly json?: boolean
}

/**
 * Says whether a system gets demo traffic. Whoever says so decides. Otherwise a person gets it for a new folder, and for one that
 * had it before. A program that reads what `up` prints as JSON does not.
 */
export const wantsDemo = ({ demo, json = false }: DemoWish, data: string): boolean =>
  demo ?? (!json && (readDemo(data) !== undefined || isNewFolder(data)))
