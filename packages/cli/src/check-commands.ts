import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { createDriverChoice } from './driver-choice.ts'
import { findDriver, knownDrivers } from './find-driver.ts'
import { collect } from './flags.ts'
import { useRecipesOf } from './recipe-folders.ts'

interface SchemaFlags {
  readonly driver: readonly string[]
  readonly output?: string
}

interface CheckFlags {
  readonly driver: readonly string[]
  readonly fix?: true
  readonly json?: true
  readonly strict?: true
}

/** `mapper check` and `mapper schema`: what can be said of files without a cluster and without a device. */
export function addCheckCommands(all: Command): void {
  all
    .command('check')
    .description('check Device and DeviceModel files, files of mappers, and recipes')
    .argument('<path...>', 'files, and folders with such files')
    .option('--driver <protocol=driver>', 'the driver for a protocolName', collect, [])
    .option('--fix', 'mend in the files what can be mended without doubt')
    .option('--json', 'print one JSON object instead of lines')
    .option('--strict', 'end with 1 for warnings, too')
    .action(check)

  all
    .command('schema')
    .description('print a JSON Schema (draft 2020-12) for editors')
    .argument(
      '[what]',
      `device, model, config, recipe, simulator; ${knownDrivers.join(', ')} or another driver; left out: device and model in one`,
    )
    .option('--driver <protocol=driver>', 'one more driver for protocolNames', collect, [])
    .option('--output <file>', 'write it to a file instead')
    .action(schema)
}

async function check(paths: readonly string[], flags: CheckFlags): Promise<void> {
  const [{ checkPaths }, { fixPaths }, { reportOf, linesOf, doneText }] = await Promise.all([
    import('./check-folder.ts'),
    import('./fix-paths.ts'),
    import('./check/report.ts'),
  ])
  const drivers = createDriverChoice(flags.driver)
  for (const one of [...paths].reverse()) useRecipesOf(one)
  const driverOf = (name: string) => findDriver(drivers(name))
  const { done, ...checked } = flags.fix
    ? await fixPaths(paths, driverOf)
    : { ...(await checkPaths(paths, driverOf)), done: [] }
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(reportOf(checked, done), undefined, 2)}\n`)
  } else {
    for (const line of [...done.map(doneText), ...linesOf(checked)]) {
      process.stdout.write(`${line}\n`)
    }
  }
  const bad = flags.strict ? ['error', 'warning'] : ['error']
  if (checked.findings.some(({ severity }) => bad.includes(severity))) process.exitCode = 1
}

async function schema(what: string | undefined, { driver, output }: SchemaFlags): Promise<void> {
  const { schemaFor } = await import('./schema/schema-for.ts')
  const text = `${JSON.stringify(await schemaFor(what ?? 'resource', driver), undefined, 2)}\n`
  if (output === undefined) {
    process.stdout.write(text)
    return
  }
  await mkdir(path.dirname(output), { recursive: true })
  await writeFile(output, text)
}
