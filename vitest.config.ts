import { defineConfig } from 'vitest/config'

const processTests = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000, teardownTimeout: 30_000 }

/**
 * Three projects, one after the other: unit tests side by side, then the two that start whole systems, one file at a
 * time, so that a slow answer is the system's fault and not that of a neighbour.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src', 'test', 'sim', 'bench'].map((folder) => `${folder}/**/*.test.ts`),
          exclude: ['test/contract/conformance/**', 'test/fault/**'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...processTests,
          name: 'conformance',
          include: ['test/contract/conformance/**/*.test.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...processTests,
          name: 'fault',
          include: ['test/fault/**/*.test.ts'],
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
