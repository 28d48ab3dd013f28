/** Turns values into words for people. */

/** Returns a whole number with commas: "57,641". */
export const grouped = (value: number): string => Math.round(value).toLocaleString('en-US')

/** Returns a length of time in words: "0.4 ms", "24 ms", "1.3 s", "4 min". */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  return age(ms)
}

/** Returns an age in its largest unit: "58 s", "4 min", "3 h", "2 d". */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`
}

/** Returns cents as dollars: "152.59". */
export const dollars = (cents: number): string =>
  (cents / 100).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** Returns bytes in MB: "84 MB". */
export const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`

/** Returns the time of the day: "14:03:07". */
export const timeOfDay = (ms: number): string => new Date(ms).toLocaleTimeString('en-GB')

/** Returns the first digits of a digest, as many as a person compares. */
export const shortDigest = (digest: string): string => digest.slice(0, 8)
