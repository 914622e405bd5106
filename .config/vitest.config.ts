import { defineConfig } from 'vitest/config'

/** The private export condition: tests run every package from its sources, without a build. */
const conditions = ['@mapper-sdk/source', 'node', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    pool: 'forks',
    // Many tests wait for timers and processes most of the time. One by one would be the default on a
    // machine with two cores, and take three times as long.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Machines are busy: what is waited for may take its time, as long as it comes.
    expect: { poll: { timeout: 15_000 } },
    dangerouslyIgnoreUnhandledErrors: false,
    reporters: process.env['CI'] ? ['verbose'] : ['default'],
  },
})
