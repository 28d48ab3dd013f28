/** 950 → "950 ms", 12 300 → "12.3 s", 200 000 → "3 min 20 s", then hours and days. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${(ms / 1000).toFixed(1)} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor(seconds / 60) % 60} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor(seconds / 3_600) % 24} h`
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

/** 1 → "1 order", 2 → "2 orders". */
export const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`
