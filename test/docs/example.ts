import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { expect } from 'vitest'
import { checkPaths, formatFinding } from '../../packages/cli/src/check-folder.ts'
import { fakeIo } from '../../packages/cli/src/command-io.suite.ts'
import { deviceTarget } from '../../packages/cli/src/device-target.ts'
import { createDriverChoice } from '../../packages/cli/src/driver-choice.ts'
import { findDriver } from '../../packages/cli/src/find-driver.ts'
import { read } from '../../packages/cli/src/read.ts'
import { write } from '../../packages/cli/src/write.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { pageOf, root } from './markdown.ts'
import { examplesOf } from './page-commands.ts'

/** A copy of the files of an example, changed for a test: ports that are free, cycles that are short. */
export interface ExampleCopy {
  readonly folder: string
  remove(): Promise<void>
}

/**
 * Copies the YAML and configuration files of `examples/NAME`, with all that is written on the left of
 * `changes` replaced by what is on the right. Throws for a change that fits nowhere.
 */
export async function copyExample(
  name: string,
  changes: Readonly<Record<string, string>>,
): Promise<ExampleCopy> {
  const { folder, remove } = await scratchFolder()
  const source = path.join(root, 'examples', name)
  const unused = new Set(Object.keys(changes))
  for (const file of await readdir(source, { recursive: true })) {
    if (!/\.(yaml|conf)$/.test(file)) continue
    let text = await readFile(path.join(source, file), 'utf8')
    for (const [written, own] of Object.entries(changes)) {
      if (!text.includes(written)) continue
      unused.delete(written)
      text = text.replaceAll(written, own)
    }
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  if (unused.size > 0) throw new Error(`${name} has nowhere: ${[...unused].join(', ')}`)
  return { folder, remove }
}

const choice = createDriverChoice([])

/** What `mapper check` says of paths in the root of the workspace, or of absolute ones. */
export async function checkExample(...paths: readonly string[]): Promise<readonly string[]> {
  const { findings } = await checkPaths(
    paths.map((one) => path.resolve(root, one)),
    (protocolName) => findDriver(choice(protocolName)),
  )
  return findings.map(formatFinding)
}

const plain = { json: false, raw: false, identify: false, timeoutMs: 10_000 }

/**
 * Runs the `read` and `write` commands of an example's README in this process, and compares what they print
 * with it. Answers how many there were.
 */
export async function runExampleCommands(name: string, { folder }: ExampleCopy): Promise<number> {
  const known = { device: { type: 'string' }, name: { type: 'string' } } as const
  const examples = examplesOf(pageOf(`examples/${name}/README.md`)).flatMap((example) =>
    example.commands.map((words) => ({ ...example, words })),
  )
  const found = examples.filter(({ words }) => words[0] === 'read' || words[0] === 'write')
  for (const { title, words, expected } of found) {
    const [command, ...rest] = words.map((word) => word.replace(`examples/${name}`, folder))
    const { values, positionals } = parseArgs({
      args: rest,
      options: known,
      allowPositionals: true,
    })
    const { device: file = '', name: wished } = values
    const properties = command === 'read' ? positionals : positionals.slice(0, -1)
    const wish = { file, properties, ...(wished !== undefined && { name: wished }) }
    const target = await deviceTarget(wish, choice)
    const { io, lines } = fakeIo()
    const isGood =
      command === 'read'
        ? await read(target, plain, io)
        : await write(target, positionals.at(-1) ?? '', plain, io)
    expect(lines(), title).toEqual(expected)
    expect(isGood, title).toBe(true)
  }
  return found.length
}
