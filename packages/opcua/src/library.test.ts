import { expect, test } from 'vitest'
import { at, run } from './run-program.suite.ts'

/** Names of the library's modules that are loaded, both kinds of them. */
const loaded = `
  import { createRequire } from 'node:module'
  const loaded = () => Object.keys(createRequire('/x.js').cache).filter((file) => file.includes('node-opcua'))`

test('nothing of the library is loaded until it is asked for, and then it prints nothing', async () => {
  const program = `${loaded}
    await import(${at('index.js')})
    await import(${at('link/security.js')})
    const before = loaded()
    const { loadLibrary } = await import(${at('library.js')})
    const library = await loadLibrary()
    const again = await loadLibrary()
    const level = process.env.NODEOPCUA_LOG_LEVEL
    process.stdout.write(JSON.stringify([before, loaded().length > 100, again === library, level ?? null]))`
  expect(await run(program, { env: { NODEOPCUA_LOG_LEVEL: undefined } })).toEqual({
    stdout: '[[],true,true,null]',
    stderr: '',
  })
})
