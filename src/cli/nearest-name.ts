/** A name of so many characters for each mistake is taken for a misspelt one. */
const CHARACTERS_PER_MISTAKE = 3

/** Returns the name that the text is most likely a misspelling of, or undefined when none is near. Capitals do not matter. */
export function nearestName(text: string, names: readonly string[]): string | undefined {
  const wanted = text.toLowerCase()
  let nearest: string | undefined
  let fewest = Math.max(1, Math.floor(wanted.length / CHARACTERS_PER_MISTAKE)) + 1
  for (const name of names) {
    if (Math.abs(name.length - wanted.length) >= fewest) continue
    const mistakes = mistakesBetween(wanted, name.toLowerCase())
    if (mistakes < fewest) [nearest, fewest] = [name, mistakes]
  }
  return nearest
}

/** Counts the characters that were left out, added, replaced, or swapped with the next one. */
export function mistakesBetween(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1]
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      const mistakes = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (isSame ? 0 : 1))
      next.push(isSwapped ? Math.min(mistakes, before[j - 2]! + 1) : mistakes)
    }
    ;[before, row] = [row, next]
  }
  return row[other.length]!
}
