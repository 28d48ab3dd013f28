import type { Agent } from 'node:http'

/** How long a kept connection may be idle before it is closed. Firewalls and routers may forget idle ones after half a minute. */
export const IDLE_CONNECTION_MS = 10_000

/**
 * Closes the idle connections to one place. It is called when a request there got no answer in time: a firewall or router on
 * the way may have forgotten the idle connections. The next request then makes a new one.
 */
export function dropIdle(agent: Agent, place: { readonly host: string; readonly port: number }): void {
  for (const socket of [...(agent.freeSockets[agent.getName(place)] ?? [])]) socket.destroy()
}
