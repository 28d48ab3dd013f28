import { stripVTControlCharacters } from 'node:util'

export type Align = 'left' | 'right'

export interface Column {
  readonly title: string
  readonly align: Align
}

/** Returns the lines of a plain text table: two spaces between columns, none at the end of a line. Colours take no width. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map((column) => column.title)
  const widths = columns.map((_, at) => Math.max(...[titles, ...rows].map((row) => width(row[at] ?? ''))))
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, at) => pad(cells[at] ?? '', widths[at] ?? 0, align))
      .join('  ')
      .trimEnd()
  return [titles, ...rows].map(line)
}

function pad(text: string, toWidth: number, align: Align): string {
  const fill = ' '.repeat(Math.max(0, toWidth - width(text)))
  return align === 'right' ? fill + text : text + fill
}

const width = (text: string): number => stripVTControlCharacters(text).length
