import { LIMITS } from '../domain/limits.ts'

/** Returns "host:port". An IPv6 host gets the brackets that it needs. */
export const joinAddress = (host: string, port: number): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`

const ADDRESS = /^(\[[0-9a-fA-F:.%]+\]|[!-.0-9;-Z\\^-~]+):([0-9]{1,5})$/
const PORT_MAX = 65_535

/** Says whether a text is "host:port", with a port from 1 to 65535. An IPv6 host has to be in brackets. */
export function isAddress(text: string): boolean {
  if (text.length > LIMITS.addressBytesMax) return false
  const port = Number(ADDRESS.exec(text)?.[2])
  return port >= 1 && port <= PORT_MAX
}

/** Splits "host:port". The brackets of an IPv6 host are removed. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) }
}
