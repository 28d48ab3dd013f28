import { defineConfig } from 'vitest/config'

/** Long tests: `npm run test:long` runs them, `npm test` leaves them out. docs/testing.md says which those are. */
const LONG = '**/*.long.test.ts'
const CONFORMANCE = 'test/contract/conformance/**/*.test.ts'
const FAULT = 'test/fault/**/*.test.ts'
const FOLDERS = ['src', 'web', 'test', 'sim', 'model', 'bench']

/** The bounds end what is hopeless; no test comes near them, on a busy machine either. */
const bounds = { testTimeout: 300_000, hookTimeout: 300_000, teardownTimeout: 60_000, expect: { poll: { timeout: 60_000, interval: 5 } } }
/** For tests with whole systems. */
const processTests = { ...bounds, fileParallelism: false }

/**
 * Four projects, one after the other. Unit tests run side by side, those that start whole systems one file at a time,
 * since a system alone has work for all cores of a small machine. The order begins with 1, as vitest moves what has 0 to
 * the end where it runs one file at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...bounds,
          name: 'unit',
          include: FOLDERS.map((folder) => `${folder}/**/*.test.ts`),
          exclude: [CONFORMANCE, FAULT, LONG],
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      { test: { ...processTests, name: 'conformance', include: [CONFORMANCE], exclude: [LONG], sequence: { groupOrder: 2 } } },
      { test: { ...processTests, name: 'fault', include: [FAULT], exclude: [LONG], sequence: { groupOrder: 3 } } },
      { test: { ...processTests, name: 'long', include: FOLDERS.map((folder) => `${folder}/${LONG}`), sequence: { groupOrder: 4 } } },
    ],
  },
})
