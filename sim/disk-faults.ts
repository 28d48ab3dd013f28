import type { DiskWeather, SimDisk } from './disk.ts'
import { deafen } from './front-end-faults.ts'
import { ABSENCE_MAX_MS, hurtLedger, whenLedgerIsAhead, type Stage } from './stage.ts'

/** Longest time until the disk is looked at. Trades go on meanwhile. */
const SOON_MAX_MS = 250
const FILLED_MAX_MS = 800

export const diskOf = ({ world, cluster }: Stage): SimDisk => world.random.pick(cluster.disks)

export function failDisk(stage: Stage, fault: DiskWeather['fault']): string {
  const { world } = stage
  const disk = diskOf(stage)
  // A process may notice early that its disk fills up. It does not when another program takes the last room.
  const low = fault === 'full' && world.random.chance(0.6)
  const now = low && world.random.chance(0.7) ? 'none' : fault
  disk.weather = { ...disk.weather, fault: now, low }
  world.scheduler.after(world.random.next() * ABSENCE_MAX_MS, () => {
    disk.weather = { ...disk.weather, fault: 'none', low: false }
  })
  return `a disk is ${low ? 'low on room' : fault}${low && now === 'full' ? ' and full' : ''}`
}

/** Fills all disks, and then kills the catalogue. All that was published can still be looked up. */
export function fillAllDisks(stage: Stage): string {
  const { world, cluster, readable } = stage
  const isUnderWay = cluster.disks.some(({ weather }) => weather.low)
  if (isUnderWay || !cluster.catalogue.life || !cluster.inSync() || !cluster.ledgerTrusted) return 'nothing'
  // The processes notice that little room is left. There may be some room still, or none.
  const fault = world.random.chance(0.5) ? 'full' : 'none'
  for (const disk of cluster.disks) disk.weather = { ...disk.weather, fault, low: true }
  const killedAfter = world.random.next() * world.random.pick([SOON_MAX_MS, FILLED_MAX_MS])
  // A front end may serve cached stocks until its lease is over, even if other stocks have been traded meanwhile.
  if (world.random.chance(0.5)) world.trace(`FAULT ${deafen(stage)}`)
  else {
    whenLedgerIsAhead(stage, world.scheduler.nowMs + Math.min(killedAfter, SOON_MAX_MS), () => {
      for (const { process } of cluster.replicas) process.crash('killed before it has what was decided')
    })
  }
  const makeRoom = () => {
    for (const disk of cluster.disks) disk.weather = { ...disk.weather, fault: 'none', low: false }
  }
  world.scheduler.after(killedAfter, () => {
    if (cluster.healed || !cluster.ledgerTrusted) return makeRoom()
    // Processes that have failed are started again.
    for (const { process } of cluster.replicas) process.start()
    cluster.catalogue.crash('killed on a full disk')
    cluster.catalogue.start()
    readable.catalogueStarts(() => {
      makeRoom()
      // All orders that were shown meanwhile have to be on a second disk.
      if (!cluster.healed && world.random.chance(0.5))
        world.trace(`FAULT ${hurtLedger(stage, 'loses its disk', () => cluster.store.lose())}`)
    })
  })
  return `all disks are ${fault === 'full' ? 'full' : 'low on room'}, and the catalogue is killed`
}
