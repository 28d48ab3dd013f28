import { silentLogger } from '../src/runtime/logger.ts'
import type { Runtime } from '../src/wire/runtime.ts'
import { ManualClock } from './manual-clock.ts'
import { ManualNetwork } from './manual-network.ts'

/** Makes a runtime that a test controls. `Sent` and `Received` are the messages of the streams that the process opens. */
export function manualRuntime<Sent, Received>() {
  const clock = new ManualClock()
  const net = new ManualNetwork<Sent, Received>()
  const runtime: Runtime = {
    clock,
    network: net.network,
    random: { id: (bytes) => '0'.repeat(2 * bytes) },
    log: silentLogger,
    usage: () => ({ pid: 1, uptimeMs: 0, memoryBytes: 0, cpuMicroseconds: 0 }),
    halt: (reason) => {
      throw reason
    },
  }
  return { clock, net, runtime }
}
