import type { Column } from '../../src/cli/table.ts'

/** One table of a report, before it becomes text or Markdown. */
export interface ResultTable {
  readonly title: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
  readonly notes: readonly string[]
}

export const left = (title: string): Column => ({ title, align: 'left' })
export const right = (title: string): Column => ({ title, align: 'right' })

/** Returns the words for a value, or a dash when it is not known. */
export const known = <T>(value: T | undefined, words: (value: T) => string): string => (value === undefined ? '–' : words(value))

/** Writes a number without decimals: 12345.6 → "12,346". */
export const whole = (value: number): string => Math.round(value).toLocaleString('en-GB')
