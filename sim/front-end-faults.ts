import { whenLedgerIsAhead, type Stage } from './stage.ts'

const DEAF_MAX_MS = 900
const DELAY_MIN_MS = 1_300
const DELAY_MAX_MS = 2_500
/** Between the loss of a front end's first way and that of its last one. */
const IN_TURN_MIN_MS = 100
const IN_TURN_MAX_MS = 260
/** Something is decided by then, or nobody trades. */
const DECIDED_WITHIN_MS = 300

/** A front end hears no replica, or nobody at all, while others hear it: what it has cached it may serve under its lease. */
export function deafen({ world, cluster }: Stage): string {
  const { process } = world.random.pick(cluster.frontEnds)
  const silent = cluster.replicas.map((replica) => replica.process)
  if (world.random.chance(0.5)) silent.push(cluster.catalogue)
  for (const { name } of silent) world.network.cut(name, process.name)
  world.scheduler.after(world.random.next() * DEAF_MAX_MS, () => world.network.heal())
  return `${process.name} hears nothing of ${silent.map(({ name }) => name).join(' ')}`
}

/** Delays a front end's messages to the replicas until it has replaced their streams, and makes it deaf to the replicas. */
export function delayConfirmations({ world, cluster }: Stage): string {
  const { process } = world.random.pick(cluster.frontEnds)
  const duration = world.random.between(DELAY_MIN_MS, DELAY_MAX_MS)
  world.network.streams.stallFrom(process, 'Order.Route', duration)
  world.scheduler.after(duration - world.random.next() * DEAF_MAX_MS, () => {
    if (cluster.healed) return
    for (const replica of cluster.replicas) world.network.cut(replica.process.name, process.name)
    world.scheduler.after(world.random.next() * DEAF_MAX_MS, () => world.network.heal())
  })
  return `what ${process.name} sends to the replicas stands still for ${Math.round(duration)} ms, and then it hears none of them`
}

/**
 * A switch dies slowly. It resets the leader's connection to the catalogue when that has just decided something, a front
 * end hears no replica from then on, and a while later not the catalogue either. The leader that comes back has two
 * positions to publish, one after the other. Of the first, the front end cannot be told: its session has to lapse. The
 * second, at the end of what the leader lacked, has nothing to push.
 */
export function waysFailInTurn(stage: Stage): string {
  const { world, cluster } = stage
  const { process } = world.random.pick(cluster.frontEnds)
  const inTurn = world.random.between(IN_TURN_MIN_MS, IN_TURN_MAX_MS)
  whenLedgerIsAhead(stage, world.scheduler.nowMs + DECIDED_WITHIN_MS, () => {
    world.trace(`FAULT leaders lose their connection to the catalogue, and ${process.name} hears no replica`)
    world.network.streams.resetAll('Catalog.Lead')
    for (const replica of cluster.replicas) world.network.cut(replica.process.name, process.name)
    world.scheduler.after(inTurn, () => {
      if (!cluster.healed) world.network.cut(cluster.catalogue.name, process.name)
    })
    world.scheduler.after(inTurn + world.random.next() * DEAF_MAX_MS, () => world.network.heal())
  })
  return `${process.name} is to hear nobody ${Math.round(inTurn)} ms after it hears no replica`
}
