import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, textFiles, type TextFile } from './project-files.ts'

/** First folders of paths that exist on one machine only. */
const MACHINE_FOLDERS = ['home', 'root', 'Users', 'work', 'workspace', 'workspaces', 'builds', 'mnt', 'media']
const MACHINE_PATH = new RegExp(`(?<![\\w./~$}>)-])/(${MACHINE_FOLDERS.join('|')})/[\\w.-]`)
const REGISTRY = /\bregistry\.[a-z]|\bnpm\.pkg\.|\bartifactory\b|\bverdaccio\b|\bnexus\./i
/** This file names what it forbids. */
const THIS_FILE = 'test/tidy/places.test.ts'

const linesWhere = ({ path, text }: TextFile, wrong: (line: string) => boolean): string[] =>
  text.split('\n').flatMap((line, at) => (wrong(line) ? [`${path}:${at + 1}: ${line.trim().slice(0, 120)}`] : []))

/** A path as it is written in code, in a document or in a configuration file. */
const RELATIVE = /(?<=['"`(\s]|^)(?:\.\.?\/)[\w./-]*/g

/** Returns the relative paths that lead out of the project, from the folder of the file that names them. */
function leavingPaths(file: TextFile): string[] {
  const leaves = (path: string) => posix.join(posix.dirname(file.path), path).startsWith('..')
  return linesWhere(file, (line) => (line.match(RELATIVE) ?? []).some(leaves))
}

const machinePaths = (file: TextFile): string[] => linesWhere(file, (line) => line.includes(ROOT) || MACHINE_PATH.test(line))

const registries = (file: TextFile): string[] => linesWhere(file, (line) => REGISTRY.test(line))

/** Lines in which packages ask for money. */
const THANKS = /"url": |^\s+"https:\/\/(github\.com\/sponsors|opencollective\.com|www\.patreon\.com|tidelift\.com)/

/** Returns the lines of the lock file with an address from which a package could be fetched. */
const lockAddresses = (lock: TextFile): string[] =>
  linesWhere(lock, (line) => /"resolved"/.test(line) || (/\b(https?|git|ssh|file):/.test(line) && !THANKS.test(line)))

/** The files that may be at the top. A newcomer sees these first. */
const AT_THE_TOP = [
  ...['.editorconfig', '.gitignore', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md'],
  ...['biome.json', 'package-lock.json', 'package.json', 'tsconfig.json', 'vitest.config.ts'],
]
const strayFiles = (files: readonly TextFile[]): string[] =>
  files.map(({ path }) => path).filter((path) => !path.includes('/') && !AT_THE_TOP.includes(path))

/** Clients that may use a proxy which the environment names: Node's own agent, fetch, gRPC's defaults. */
const PROXIED = /\bfetch\(|\bglobalAgent\b|\bnew Client\(.*\bcreateInsecure\(\)\)/
const ASKING = /\b(?:get|request|httpRequest)\((?=.*(?:\bhost\b|http:\/\/))(?!.*\bagent\b)/
/** A page has only the connections of its browser. */
const proxied = (file: TextFile): string[] =>
  /\.(ts|js)$/.test(file.path) && !file.path.startsWith('web/')
    ? linesWhere(file, (line) => PROXIED.test(line) || (file.text.includes(`'node:http'`) && ASKING.test(line)))
    : []

describe('the project stands on its own', () => {
  const files = textFiles().filter(({ path }) => path !== THIS_FILE)

  test('no relative path leads out of it', () => expect(files.flatMap(leavingPaths)).toEqual([]))
  test('no absolute path of a machine', () => expect(files.flatMap(machinePaths)).toEqual([]))
  test('no stray file at the top', () => expect(strayFiles(files)).toEqual([]))
  test('no name of a package registry', () => expect(files.flatMap(registries)).toEqual([]))
  test('no connection goes by way of a proxy of the environment', () => expect(files.flatMap(proxied)).toEqual([]))
  test('package-lock.json holds no address', () => {
    const locks = files.filter(({ path }) => path === 'package-lock.json')
    expect(locks).toHaveLength(1)
    expect(locks.flatMap(lockAddresses)).toEqual([])
  })
})

describe('the rules of places find what they look for', () => {
  const line = (text: string, path = 'src/a.ts'): TextFile => ({ path, text })

  test.each([`import a from '../../a.ts'`, `readFileSync('../../../secret')`, '[a](../../a.md)'])('%s', (text) =>
    expect(leavingPaths(line(text))).toHaveLength(1),
  )
  test('a file that was left at the top', () => {
    expect(strayFiles([line('', 'try.mjs'), line('', 'README.md'), line('', 'src/try.ts')])).toEqual(['try.mjs'])
  })
  test('a path within is fine', () => expect(leavingPaths(line(`import a from '../proto/a.ts'`))).toEqual([]))
  test.each(['cd /home/jane/project', `open("/Users/jane/a")`, `const a = '${ROOT}/a'`])('%s', (text) =>
    expect(machinePaths(line(text))).toHaveLength(1),
  )
  test.each([
    'const answer = await fetch(url)',
    'new Client(address, credentials.createInsecure())',
    "import { get } from 'node:http'; get({ host, port, path }, read)",
  ])('%s', (text) => expect(proxied(line(text))).toHaveLength(1))
  test('a client with an agent or options of its own is fine', () => {
    const own = "import 'node:http'\nrequest({ host, port, agent, path })\nnew Client(a, createInsecure(), OPTIONS)"
    expect(proxied(line(own))).toEqual([])
  })
  test('an example folder is fine', () => expect(machinePaths(line('--data /var/lib/bazaar, http://a/home/b'))).toEqual([]))
  test.each(['registry=https://registry.example.org/', 'https://npm.pkg.github.com'])('%s', (text) =>
    expect(registries(line(text))).toHaveLength(1),
  )
  test.each(['  "resolved": "a"', '  "version": "git+ssh://git@host/a"', '  "a": "https://host/a.tgz"'])('%s', (text) =>
    expect(lockAddresses(line(text))).not.toEqual([]),
  )
})
