import { defineConfig } from 'vitest/config'

/** How long tests wait for what is to come, where no bound is promised: see the file. */
const patient = { setupFiles: ['test/helpers/patient-waits.ts'], expect: { poll: { timeout: 10_000 } } }

// Conformance and end-to-end tests start real processes on a machine that may have two cores: one file at a time there.
export default defineConfig({
  test: {
    projects: [
      // Two, also on two cores, where one is the default: many of these tests wait for processes.
      { test: { ...patient, name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 15_000, maxWorkers: 2 } },
      {
        test: {
          ...patient,
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...patient,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          globalSetup: 'test/helpers/published-sdk-lock.ts',
          testTimeout: 90_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
