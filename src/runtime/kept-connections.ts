import type { Agent } from 'node:http'

/** A kept connection that is idle for longer is closed: boxes on the way forget such ones after half a minute at the earliest. */
export const IDLE_CONNECTION_MS = 10_000

/**
 * Closes the idle connections to one place, for when a request there got no answer in time: a box on the way may have
 * forgotten them, as long as they were idle. The next request connects anew.
 */
export function dropIdle(agent: Agent, place: { readonly host: string; readonly port: number }): void {
  for (const socket of [...(agent.freeSockets[agent.getName(place)] ?? [])]) socket.destroy()
}
