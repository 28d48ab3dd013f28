import { crashFor, replicaOf, type Stage } from './stage.ts'

/**
 * Our system is started again with a replica fewer, and another system takes the address. The catalogue still remembers
 * it, and the front ends may be told of it all the same.
 */
export function neighbourMovesIn(stage: Stage): string {
  const { world, cluster } = stage
  const replica = replicaOf(stage)
  const others = cluster.remaining.filter((other) => other !== replica)
  const hasOrders = (cluster.ledger?.head().length ?? 0) > 0
  // Without an order and without being told, the catalogue cannot know whether it lacks what that replica held.
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
