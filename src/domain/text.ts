const UTF8_BYTES_MAX = 3

/** Whether a text takes at most so many bytes of UTF-8. Most texts are short, and their bytes need not be counted. */
export const fitsBytes = (text: string, bytesMax: number): boolean =>
  text.length * UTF8_BYTES_MAX <= bytesMax || (text.length <= bytesMax && Buffer.byteLength(text) <= bytesMax)

/** The value that a JSON text holds; undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
