const UTF8_BYTES_MAX = 3

/** Says whether a text takes at most so many bytes of UTF-8. Most texts are so short that their bytes need not be counted. */
export const fitsBytes = (text: string, bytesMax: number): boolean =>
  text.length * UTF8_BYTES_MAX <= bytesMax || (text.length <= bytesMax && Buffer.byteLength(text) <= bytesMax)

/** Returns the value that a JSON text holds, or undefined when the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
