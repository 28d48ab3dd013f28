import { BazaarClient } from '../http/client.ts'

/** How long to wait for the list of stocks. A front end that does not know the list may not answer at all. */
const LISTING_TIMEOUT_MS = 3_000

/** Returns the names that the front end lists, or undefined when it lists none. The contract does not ask for such a list. */
export async function listedStocks(host: string, port: number): Promise<readonly string[] | undefined> {
  const client = new BazaarClient({ host, port, timeoutMs: LISTING_TIMEOUT_MS, retryForMs: 0 })
  const listed = await client.stocks().finally(() => client.close())
  if (listed.kind !== 'ok' || !Array.isArray(listed.value.stocks)) return undefined
  const names = listed.value.stocks.map((stock: { name?: unknown } | null) => stock?.name).filter((name) => typeof name === 'string')
  return names.length > 0 ? names : undefined
}
