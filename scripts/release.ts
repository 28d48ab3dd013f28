/**
 * Builds the package that others install, and checks it: `npm run release [-- FOLDER]`. The package goes into the folder, by
 * default dist/. This program installs it into an empty folder, starts a system there, trades, verifies, and stops the system.
 * It writes the list of the package's parts (SBOM, CycloneDX) beside the package. It publishes nothing and sets no tag.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** When a command is given up, for example when the registry does not answer. */
const HOPELESS_MS = 300_000
/** When a system that does not start is given up. */
const START_MS = 120_000
/** The largest output of a command. `npm sbom` tells of every package. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

/** The output of `npm pack --json` about one package. */
interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** The output of `bazaar up --json`. */
interface Started {
  readonly processes: readonly { readonly pid: number }[]
}

const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { name: string; version: string }

/** Runs a command to its end. Returns its output. @throws Error with the whole output when it fails. */
function run(folder: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...{ cwd: folder, encoding: 'utf8', timeout: HOPELESS_MS, maxBuffer: OUTPUT_BYTES_MAX },
    shell: process.platform === 'win32', // npm is a script there.
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? ''}\n${stdout}${stderr}`)
  return stdout
}

function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${what}`)
  console.log(`  ok  ${what}`)
}

/** Returns the pages for people who have only the package. The program runs without them, so nothing else would miss them. */
const pages = (): readonly string[] => [
  ...['README.md', 'LICENSE', 'ARCHITECTURE.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs')).map((page) => `docs/${page}`),
]

function build(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const [packed] = JSON.parse(run(ROOT, 'npm', 'pack', '--json', '--pack-destination', folder)) as Packed[]
  if (!packed) throw new Error('npm pack told of no package')
  console.log(`packed ${packed.files.length} files`)
  const paths = new Set(packed.files.map(({ path }) => path))
  const missing = pages().filter((page) => !paths.has(page))
  check(`every page is in it${missing.map((page) => `, but ${page}`).join('')}`, missing.length === 0)
  check('the live page is in it', paths.has('dist/web/index.html'))
  const tests = [...paths].filter((path) => path.endsWith('.test.ts'))
  check(`no test is in it${tests.map((path) => `, but ${path}`).join('')}`, tests.length === 0)
  return join(folder, packed.filename)
}

function writeParts(path: string): void {
  const parts = run(ROOT, 'npm', 'sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev')
  const { components } = JSON.parse(parts) as { components: unknown[] }
  writeFileSync(path, parts)
  console.log(`it is made of ${components.length} packages`)
}

/** Installs the package into an empty folder, and uses it there, with nothing of the project at hand. */
async function tryOut(archive: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-release-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    run(folder, 'npm', 'install', '--no-audit', '--no-fund', archive)
    const bazaar = join(folder, 'node_modules', '.bin', 'bazaar')
    check(`bazaar --version says ${version}`, run(folder, bazaar, '--version').trim() === version)
    await tradeWith(bazaar, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  }
  check('nothing is left over', !existsSync(folder))
}

async function tradeWith(bazaar: string, folder: string): Promise<void> {
  const anyPorts = ['--port', '0', '--catalog-port', '0', '--order-ports', '0,0,0']
  const up = spawn(bazaar, ['up', '--json', ...anyPorts], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => {
    up.on('exit', resolve).on('error', () => resolve(null))
  })
  try {
    const { processes } = JSON.parse(await firstLine(up.stdout, ended)) as Started
    check(`it starts ${processes.length} processes`, processes.length === 5)
    const order = run(folder, bazaar, 'buy', 'tesla', '5').trim()
    check(`it trades (${order})`, order !== '')
    check('every copy is verified', run(folder, bazaar, 'verify').trim() !== '')
    up.kill('SIGTERM')
    check('it stops', (await ended) === 0)
    check('its processes are gone', !processes.some(({ pid }) => isAlive(pid)))
  } finally {
    up.kill('SIGTERM')
    await ended
  }
}

/** Resolves with the first line. Rejects when the process ends, or when no line comes in time. */
function firstLine(output: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the system does not start')), START_MS)
    let text = ''
    output.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      const [line = '', ...more] = text.split('\n')
      if (more.length === 0) return
      clearTimeout(timer)
      resolve(line)
    })
    void ended.then(() => {
      clearTimeout(timer)
      reject(new Error('the system ended before it traded'))
    })
  })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

try {
  const folder = resolve(process.argv[2] ?? join(ROOT, 'dist'))
  const changes = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')
  check(`CHANGELOG.md tells of ${version}`, changes.includes(`\n## [${version}]`))
  const archive = build(folder)
  const parts = join(folder, `${name}-${version}.cdx.json`)
  writeParts(parts)
  await tryOut(archive)
  console.log(`\n${name} ${version} is ready, and nothing was published:\n  ${archive}\n  ${parts}`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
