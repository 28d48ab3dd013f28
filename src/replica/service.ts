import type { Service } from '../runtime/service.ts'
import { DiskWatch } from '../storage/disk-watch.ts'
import { haltingOrderLog } from '../storage/halting.ts'
import type { OrderLog } from '../storage/order-log.ts'
import type { Services } from '../wire/network.ts'
import type { Runtime } from '../wire/runtime.ts'
import { Belonging } from './belonging.ts'
import { Copy } from './copy.ts'
import { FollowerSide, type FollowerOwner } from './follower.ts'
import { Pace } from './pace.ts'
import { Pushes } from './pushes.ts'
import { Reads } from './reads.ts'
import { Rejoin } from './rejoin.ts'
import { Role, type RoleOptions } from './role.ts'
import { RouteStream, type RouteOwner } from './route-stream.ts'
import { seal } from './sealing.ts'
import { SingleCalls } from './single-calls.ts'
import { Status } from './status.ts'
import { Tails } from './tails.ts'

export interface OrderReplicaOptions extends RoleOptions {
  readonly log: OrderLog
  readonly frontEndAddress: string
  /** True when the replica pushes invalidations while it leads. */
  readonly caching: boolean
}

/** Starts an order replica. It follows until a front end elects it. */
export async function startOrderReplica(runtime: Runtime, options: OrderReplicaOptions): Promise<Service> {
  const log = haltingOrderLog(options.log, (reason) => runtime.halt(reason))
  const { services, disk, role, rejoin } = parts(runtime, { ...options, log })
  // Known before anybody can elect this replica: with a full disk it does not lead.
  disk.start(log.trouble())
  const server = await runtime.network.serve(options.port, services)
  role.listens(server.port)
  rejoin.start()
  const { length, diskId } = log.head()
  runtime.log.info({ port: server.port, replica: options.replicaId, length, disk: diskId }, 'replica listens')
  return {
    close: async (graceMs) => {
      disk.close()
      rejoin.close()
      role.close()
      await server.close(graceMs)
      await log.close()
    },
  }
}

/** Makes the parts of a replica, all of them idle. */
function parts(runtime: Runtime, options: OrderReplicaOptions) {
  const { clock, network } = runtime
  const { replicaId, log, catalogueAddress, frontEndAddress, caching } = options
  const copy = new Copy(log, new Pace(clock))
  const belonging = new Belonging(network, catalogueAddress)
  const pushes = new Pushes(clock, network, { caching, frontEndAddress })
  const disk = new DiskWatch(clock, log, (trouble) => role.diskChanged(trouble))
  const diskTrouble = () => disk.trouble
  const owner: FollowerOwner = {
    leaderless: () => rejoin.leaderless(),
    differs: () => rejoin.differs(),
    isLonger: () => rejoin.isLonger(),
  }
  const follower = new FollowerSide({ replicaId, clock, log: runtime.log, copy, belonging, trouble: diskTrouble, owner })
  const steppedDown = () => rejoin.leaderless()
  const publishedGrew = () => tails.grew()
  const refused = { parted: () => rejoin.parted, differs: () => rejoin.differs() }
  const role: Role = new Role(runtime, options, { copy, belonging, pushes, follower, diskTrouble, steppedDown, publishedGrew, ...refused })
  const singleCalls = new SingleCalls(runtime, catalogueAddress, copy, role)
  const rejoin: Rejoin = new Rejoin(runtime, copy, {
    frontEndAddress,
    catalogueAddress,
    ownAddress: () => role.address,
    leads: () => role.leader !== undefined,
    isLed: () => follower.isLed,
    isAtRest: () => role.leader !== undefined || follower.isAtRest,
    // Without room it could not follow anybody.
    trouble: diskTrouble,
    catchUp: () => singleCalls.catchUp(),
  })
  const reads = new Reads(clock, copy, role)
  const tails = new Tails(clock, reads, () => role.leader?.publishedNow)
  const status = new Status({ runtime, replicaId, catalogueAddress, copy, role, follower, rejoin })
  const frontEnds: RouteOwner = {
    greeted: (frontEnd, { frontEndId }) => pushes.attach(frontEndId, frontEnd),
    pinged: (ping, hello) => {
      role.told(ping, hello)
      return status.pong(ping.ping)
    },
    placed: (orders) => role.place(orders),
    asked: (query, frontEnd) => reads.asked(query, frontEnd),
    tailed: (frontEnd, tail) => tails.begin(frontEnd, tail),
    gone: (frontEnd, { frontEndId }) => {
      tails.end(frontEnd)
      pushes.detach(frontEndId, frontEnd)
    },
  }
  const services: Services = {
    unary: {
      'Order.Request': (request) => singleCalls.request(request),
      'Order.Lookup': ({ orderNum }) => singleCalls.lookup(orderNum),
      'Order.Propagate': (order) => singleCalls.propagated(order),
      'Order.AssignFollowers': (assignment) => role.assigned(assignment),
      'Order.Read': (request, asker) => reads.read(request, asker),
      'Order.Seal': (request) => seal(replicaId, copy, belonging, request),
      'Order.Status': async () => status.report(),
    },
    serverStreams: { 'Order.Synchronize': (request, asker) => singleCalls.synchronize(request, asker) },
    streams: {
      'Order.Route': (stream) => new RouteStream(clock, stream, frontEnds).start(),
      'Order.Replicate': (stream) => follower.open(stream),
    },
  }
  return { services, disk, role, rejoin }
}
