import { whenLedgerIsAhead, type Stage } from './stage.ts'

const DEAF_MAX_MS = 900
const DELAY_MIN_MS = 1_300
const DELAY_MAX_MS = 2_500
/** Least time between the loss of a front end's first way and the loss of its last one. */
const IN_TURN_MIN_MS = 100
const IN_TURN_MAX_MS = 260
/** How long the fault waits for a decision. When none comes by then, nobody trades. */
const DECIDED_WITHIN_MS = 300

/** Makes a front end hear no replica, or nobody at all, while others hear it. It may serve cached stocks under its lease. */
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
 * Acts like a switch that dies slowly. It resets the leader's connection to the catalogue when the catalogue has just decided
 * something. From then on a front end hears no replica, and a while later it does not hear the catalogue either. The leader
 * that comes back has two positions to publish, one after the other. The front end cannot be told of the first one, so its
 * session has to lapse. The second one, at the end of the leader's gap, has nothing to push.
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
