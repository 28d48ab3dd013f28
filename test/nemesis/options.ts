import { InvalidArgumentError } from 'commander'

export function positive(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It has to be a whole number above 0.')
  return value
}

/** Reads a list of some of `known`, separated by commas. */
export const kinds =
  <Kind extends string>(known: readonly Kind[]) =>
  (text: string): readonly Kind[] =>
    text.split(',').map((word) => {
      const kind = known.find((each) => each === word.trim())
      if (!kind) throw new InvalidArgumentError(`There is no "${word}"; there are ${known.join(', ')}.`)
      return kind
    })
