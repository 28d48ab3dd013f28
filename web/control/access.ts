const KEPT_AS = 'bazaar-control'

/** The token of the control port, and where the port is. */
export interface ControlAccess {
  readonly token: string
  /** "127.0.0.1:port" */
  readonly address: string
}

/** Returns what the fragment of an address tells of the control port: "#token=…&control=127.0.0.1:port". */
export function accessIn(fragment: string): ControlAccess | undefined {
  const told = new URLSearchParams(fragment.replace(/^#/, ''))
  const [token, address] = [told.get('token') ?? '', told.get('control') ?? '']
  // The token goes to this machine alone, whoever made the link.
  return /^[\w.~-]+$/.test(token) && /^(127\.0\.0\.1|localhost):\d{1,5}$/.test(address) ? { token, address } : undefined
}

/** Takes the access out of the page's address, where it would be seen, and keeps it as long as the tab lives. */
export function takeAccess(): ControlAccess | undefined {
  const told = accessIn(location.hash)
  if (told) {
    sessionStorage.setItem(KEPT_AS, location.hash)
    history.replaceState(null, '', location.pathname + location.search)
  }
  return told ?? accessIn(sessionStorage.getItem(KEPT_AS) ?? '')
}
