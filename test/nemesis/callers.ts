import { fileURLToPath } from 'node:url'

const PRELOADED = fileURLToPath(new URL('source-address.ts', import.meta.url))

/** True on systems where proxies can tell who calls them. */
export const callersAreKnown = process.platform === 'linux'

/** Returns the source address of the process at this place in the list of all. */
export const sourceAddress = (place: number): string => `127.0.1.${place + 1}`

/** Returns the environment that makes a process call from that address. */
export const callerEnvironment = (address: string): Readonly<Record<string, string>> =>
  callersAreKnown ? { NODE_OPTIONS: `--import=${PRELOADED}`, NEMESIS_SOURCE_ADDRESS: address } : {}
