#!/usr/bin/env node
import { MapperError } from '@mapper-sdk/core'
import { simulate } from './simulate.ts'

const stop = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort())
try {
  const { stdout: out } = process
  const argv = process.argv.slice(2)
  await simulate({ argv, program: 'serial-simulator', out, signal: stop.signal })
} catch (thrown) {
  const error = MapperError.from(thrown)
  process.stderr.write(`${error.detail}\n`)
  process.exitCode = error.code === 'invalid_config' ? 2 : 1
}
