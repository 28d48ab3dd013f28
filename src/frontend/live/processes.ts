import type { LiveProcess } from '../../http/live.ts'
import type { CatalogueStatusData, ReplicaStatusData, StatusData } from '../../http/types.ts'

interface Measured {
  readonly uptimeMs: number
  readonly cpuMicroseconds: number
}

/** Tells the processes as the page shows them, with the share of a core that each took since the last look. */
export class Processes {
  readonly #before = new Map<string, Measured>()

  look(status: StatusData): readonly LiveProcess[] {
    const { frontEnd, catalogue, replicas, otherPrograms } = status
    const names = new Map(replicas.map(({ address, name }) => [address, name]))
    const gone = new Set(frontEnd.gone.map(({ name }) => name))
    const connected = [...replicas, ...otherPrograms].map(({ name }) => name).filter((name) => !gone.has(name))
    const first: LiveProcess = {
      ...this.#measured(frontEnd),
      role: 'front end',
      reachable: true,
      length: 0,
      sees: [...connected, ...(frontEnd.session ? [catalogue.name] : [])],
    }
    return [
      first,
      ...replicas.map((replica) => (replica.reachable ? this.#replica(replica, names, catalogue.name) : absent(replica, 'replica'))),
      ...otherPrograms.map(({ name, address, trouble }) => ({
        ...absent({ name, address, why: trouble }, 'another program'),
        reachable: true,
      })),
      catalogue.reachable ? this.#catalogue(catalogue, frontEnd) : absent(catalogue, 'catalogue'),
    ]
  }

  #replica(replica: ReplicaStatusData, names: ReadonlyMap<string, string>, catalogue: string): LiveProcess {
    const { role, length, published, followers, trouble, aloneWhy, leader } = replica
    const followed = followers.map(({ address, ...view }) => ({ name: names.get(address) ?? address, ...view }))
    const why = trouble || aloneWhy
    const leads = role.startsWith('leader')
    const sees = leads ? [...followed.filter(({ state }) => state !== 'dropped').map(({ name }) => name), catalogue] : []
    return {
      ...this.#measured(replica),
      ...{ role, reachable: true, length, published, followers: followed },
      sees: leads || leader === '' ? sees : [`order-${leader}`],
      ...(why !== '' && { why }),
    }
  }

  #catalogue(catalogue: CatalogueStatusData, { name, session }: StatusData['frontEnd']): LiveProcess {
    const { length, published } = catalogue
    return { ...this.#measured(catalogue), role: 'catalogue', reachable: true, length, published, sees: session ? [name] : [] }
  }

  #measured({
    name,
    address,
    pid,
    uptimeMs,
    memoryBytes,
    cpuMicroseconds,
  }: Measured & Pick<LiveProcess, 'name' | 'address' | 'pid' | 'memoryBytes'>) {
    const before = this.#before.get(name)
    this.#before.set(name, { uptimeMs, cpuMicroseconds })
    // A process that was started anew counts from its start.
    const since = before && before.uptimeMs < uptimeMs ? before : { uptimeMs: 0, cpuMicroseconds: 0 }
    const cpuShare = (cpuMicroseconds - since.cpuMicroseconds) / 1_000 / Math.max(1, uptimeMs - since.uptimeMs)
    return { name, address, pid, uptimeMs, memoryBytes, cpuShare: Math.max(0, Math.round(cpuShare * 1_000) / 1_000) }
  }
}

function absent({ name, address, why }: { name: string; address: string; why: string }, role: string): LiveProcess {
  const nothing = { pid: 0, uptimeMs: 0, cpuShare: 0, memoryBytes: 0, length: 0, sees: [] }
  return { name, role, address, ...nothing, reachable: false, ...(why !== '' && { why }) }
}
