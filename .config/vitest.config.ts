import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The private export condition: tests run every package from its sources, without a build. */
const conditions = ['@mapper-sdk/source', 'node', 'import', 'default']

/** Those that take longest go first: one that begins last would leave all but one worker idle. */
const long = [
  ...[
    'test/e2e/chaos',
    'test/e2e/outages',
    'test/packed',
    'opcua/src/driver.process',
    'test/commission',
  ],
  ...['test/e2e/', 'opcua/src/driver.', 'test/'],
]
const rank = ({ moduleId }: TestSpecification) => {
  const found = long.findIndex((part) => moduleId.includes(part))
  return found < 0 ? long.length : found
}
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const usual = await super.sort(files)
    return usual.sort((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
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
