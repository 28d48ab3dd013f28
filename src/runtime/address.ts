import { LIMITS } from '../domain/limits.ts'

/** "host:port"; an IPv6 host gets the brackets that it needs. */
export const joinAddress = (host: string, port: number): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`

const ADDRESS = /^(\[[0-9a-fA-F:.%]+\]|[!-.0-9;-Z\\^-~]+):([0-9]{1,5})$/
const PORT_MAX = 65_535

/** Whether a text is "host:port", with a port from 1 to 65535; an IPv6 host has to be in brackets. */
export function isAddress(text: string): boolean {
  if (text.length > LIMITS.addressBytesMax) return false
  const port = Number(ADDRESS.exec(text)?.[2])
  return port >= 1 && port <= PORT_MAX
}

/** "host:port" in its parts; an IPv6 host without its brackets. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) }
}
