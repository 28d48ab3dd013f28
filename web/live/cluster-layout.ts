import type { LiveProcess } from '../../src/http/live.ts'

/** Where a process is drawn. */
export interface Box {
  readonly process: LiveProcess
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A connection between two processes. */
export interface Arrow {
  readonly id: string
  /** The path of the line. */
  readonly path: string
  /** 'orders': the way of an order. 'copies': from the leader to a follower. 'pings': all others. */
  readonly kind: 'orders' | 'copies' | 'pings'
  readonly isConnected: boolean
}

export interface ClusterLayout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
  readonly arrows: readonly Arrow[]
}

const WIDTH = 860
const BOX = { width: 190, height: 78, gap: 30 }
/** With many replicas, a box has its first line only. */
const LOW_BOX = { width: 190, height: 30, gap: 8 }
const MANY = 5
const COLUMNS = { front: 120, replicas: 385, catalogue: 652 }
const PADDING = 14
const CLIENTS_X = 56

/** Lays the cluster out: clients, the front end, the replicas in a column, the catalogue. */
export function clusterLayout(processes: readonly LiveProcess[]): ClusterLayout {
  const isReplica = ({ role }: LiveProcess): boolean => role !== 'front end' && role !== 'catalogue'
  const replicas = processes.filter(isReplica)
  const size = replicas.length > MANY ? LOW_BOX : BOX
  const inner = replicas.length * (size.height + size.gap) - size.gap
  const height = Math.max(inner, BOX.height) + 2 * PADDING
  const middle = (height - BOX.height) / 2
  const top = (height - inner) / 2
  const front = processes.find(({ role }) => role === 'front end')
  const catalogue = processes.find(({ role }) => role === 'catalogue')
  const column = (process: LiveProcess, x: number): Box => ({ process, x, y: middle, width: BOX.width, height: BOX.height })
  const replicaBoxes = replicas.map(
    (process, at): Box => ({
      process,
      x: COLUMNS.replicas,
      y: top + at * (size.height + size.gap),
      width: size.width,
      height: size.height,
    }),
  )
  const frontBox = front && column(front, COLUMNS.front)
  const catalogueBox = catalogue && column(catalogue, COLUMNS.catalogue)
  return {
    width: WIDTH,
    height,
    boxes: [...(frontBox ? [frontBox] : []), ...replicaBoxes, ...(catalogueBox ? [catalogueBox] : [])],
    arrows: arrowsBetween(replicaBoxes, frontBox, catalogueBox),
  }
}

function arrowsBetween(replicas: readonly Box[], front: Box | undefined, catalogue: Box | undefined): readonly Arrow[] {
  const leader = replicas.find(({ process }) => process.role === 'leader')
  const arrows: Arrow[] = []
  if (front) {
    const y = middleOf(front)
    arrows.push({ id: 'clients', path: `M${CLIENTS_X} ${y}L${front.x - 8} ${y}`, kind: 'orders', isConnected: front.process.reachable })
    for (const replica of replicas) arrows.push(between(front, replica, replica === leader ? 'orders' : 'pings'))
  }
  if (!leader) return arrows
  if (catalogue) arrows.push(between(leader, catalogue, 'orders'))
  for (const replica of replicas) if (replica !== leader) arrows.push(copying(leader, replica))
  return arrows
}

const middleOf = ({ y, height }: Box): number => y + height / 2

function between(from: Box, to: Box, kind: Arrow['kind']): Arrow {
  const [x1, y1, x2, y2] = [from.x + from.width, middleOf(from), to.x - 8, middleOf(to)]
  const bend = (x2 - x1) / 2
  const path = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
  return { id: `${from.process.name} ${to.process.name}`, path, kind, isConnected: sees(from.process, to.process) }
}

/** The leader's copies go along the right of the column, further out for a farther follower. */
function copying(leader: Box, follower: Box): Arrow {
  const [x, from, to] = [leader.x + leader.width, middleOf(leader), middleOf(follower)]
  const way = Math.sign(to - from)
  const out = x + Math.min(52, 14 + Math.abs(to - from) / 8)
  const [start, end] = [from + way * Math.min(16, leader.height / 3), to - way * Math.min(12, follower.height / 4)]
  const told = leader.process.followers?.find(({ name }) => name === follower.process.name)
  const isConnected = told ? told.state !== 'gone' && follower.process.reachable : sees(leader.process, follower.process)
  return {
    id: `copies ${leader.process.name} ${follower.process.name}`,
    path: `M${x} ${start}C${out} ${start} ${out} ${end} ${x + 8} ${end}`,
    kind: 'copies',
    isConnected,
  }
}

const sees = (one: LiveProcess, other: LiveProcess): boolean =>
  one.reachable && other.reachable && (one.sees.includes(other.name) || other.sees.includes(one.name))
