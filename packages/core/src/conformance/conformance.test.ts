import { describe, test } from 'vitest'
import { conformance } from './index.ts'
import { memoryRigs } from './memory-driver.suite.ts'

describe('the good driver in memory', () => {
  // Without a context, so that a check that is not carried out fails here.
  for (const { name, run } of conformance(memoryRigs())) test(name, () => run())
})
