import { crashFor, replicaOf, type Stage } from './stage.ts'

/**
 * Starts our system again with one replica fewer, and lets another system take the address. The catalogue still remembers
 * that address, and the front ends may still be told of it.
 */
export function neighbourMovesIn(stage: Stage): string {
  const { world, cluster } = stage
  const replica = replicaOf(stage)
  const others = cluster.remaining.filter((other) => other !== replica)
  const hasOrders = (cluster.ledger?.head().length ?? 0) > 0
  // A catalogue without orders, that is not told of replicas, cannot know whether it lacks entries that this replica held.
  if (stage.neighbour() || !stage.holdsAllShown(others) || !(cluster.named || hasOrders)) return 'nothing'
  const stillNamed = hasOrders && world.random.chance(0.5)
  cluster.dismiss(replica, stillNamed)
  const restarted = [cluster.catalogue, ...cluster.frontEnds.map(({ process }) => process)].map((process) => crashFor(stage, process))
  const named = world.random.chance(0.7)
  stage.moveIn({ address: replica.process.address, replicaId: replica.id, named })
  return `a neighbour moves in at ${replica.process.address}${stillNamed ? ', which our front ends still name' : ''}; ${restarted.join(', ')}`
}

export function killNeighbour(stage: Stage): string {
  const neighbour = stage.neighbour()
  return neighbour ? crashFor(stage, stage.world.random.pick(neighbour.processes)) : 'nothing'
}
