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

/** Returns the line cut to so many columns, with an ellipsis at its end if anything is left out. Colours take no width. */
export function cut(line: string, toWidth: number): string {
  if (width(line) <= toWidth) return line
  const parts = line.split(/(\u001b\[[0-9;]*m)/)
  let room = toWidth - 1
  const kept = parts.map((part, at) => {
    if (at % 2 === 1) return part
    const piece = part.slice(0, Math.max(0, room))
    room -= piece.length
    return piece
  })
  return `${kept.join('')}…`
}
