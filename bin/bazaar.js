#!/usr/bin/env node
// Finds a Node that runs TypeScript without a build, and runs src/cli/main.ts with it. This file itself has to be plain
// JavaScript, which an old Node understands.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { findRuntime } from './runtime.js'

const OLDEST_MAJOR = 24
const STILL_HERE_MS = 100
const MAIN = new URL('../src/cli/main.ts', import.meta.url)

const major = Number(process.versions.node.split('.')[0])
if (major >= OLDEST_MAJOR) {
  // Keeps compiled modules between runs, so that a process that died is back sooner.
  nodeModule.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/bazaar', import.meta.url)))
  if (MAIN.pathname.includes('/node_modules/')) stripTypesInPackages()
  await import(MAIN.href)
} else {
  const runtime = findRuntime()
  if (runtime) runWith(runtime)
  else explainMissingRuntime()
}

/** Lets Node strip types below node_modules. This program is there when it is somebody's dependency. */
function stripTypesInPackages() {
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') console.error(warning.stack)
  })
  const ours = new URL('../src/', import.meta.url).href
  nodeModule.registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(ours) || !url.endsWith('.ts')) return nextLoad(url, context)
      const source = nodeModule.stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'))
      return { format: 'module', shortCircuit: true, source }
    },
  })
}

function runWith(runtime) {
  // By the channel the child notices when this process is gone, however it ended.
  const child = spawn(runtime, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  // The child decides what the signals mean. SIGHUP may mean nothing.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`bazaar: cannot run ${runtime}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code === null ? 1 : code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
    // Still here: the first process of a container is not ended by its own signals, and Node ignores SIGPIPE.
    setTimeout(() => process.exit(128 + constants.signals[signal]), STILL_HERE_MS)
  })
}

function explainMissingRuntime() {
  console.error(
    `bazaar needs Node ${OLDEST_MAJOR} or newer; this is ${process.version}, and the one that the project ` +
      `brings along is not installed for ${process.platform}-${process.arch}.\n` +
      'What to do: run `npm ci` in the project folder (without --omit=optional), or install Node from ' +
      'https://nodejs.org.',
  )
  process.exit(1)
}
