import type { AddressInfo, Server } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../run/child.ts'

const READY_MS = 15_000
const HERE = dirname(fileURLToPath(import.meta.url))

/** Both ends of the process of a peer: the benchmark starts it, and the peer says where it listens. */

/** Starts `bench/peers/<file>`. Resolves with its address, "host:port", when it listens. */
export async function startServer(
  file: string,
  args: readonly string[] = [],
): Promise<{ readonly child: Child; readonly address: string }> {
  const child = new Child(process.execPath, [join(HERE, file), ...args], { channel: true })
  try {
    const { address } = (await child.announcement(READY_MS)) as { address: string }
    return { child, address }
  } catch (error) {
    await child.stop()
    throw error
  }
}

/** Called by the peer. Says where it listens, and ends the peer when its starter is gone. */
export function announce(server: Server): void {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ address: `127.0.0.1:${port}` })}\n`)
  process.once('disconnect', () => process.exit(0))
  process.once('SIGTERM', () => process.exit(0))
}
