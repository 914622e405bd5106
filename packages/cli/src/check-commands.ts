import type { Command } from 'commander'
import { createDriverChoice } from './driver-choice.ts'
import { findDriver, knownDrivers } from './find-driver.ts'
import { collect } from './flags.ts'
import { useRecipesOf } from './recipe-folders.ts'

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
    .action(async (what: string | undefined, { driver }: Pick<CheckFlags, 'driver'>) => {
      const { schemaFor } = await import('./schema/schema-for.ts')
      const schema = await schemaFor(what ?? 'resource', driver)
      process.stdout.write(`${JSON.stringify(schema, undefined, 2)}\n`)
    })
}

async function check(paths: readonly string[], flags: CheckFlags): Promise<void> {
  const [{ checkPaths }, { fixPaths }, { reportOf, linesOf, doneText }] = await Promise.all([
    import('./check-folder.ts'),
    import('./fix-paths.ts'),
    import('./check/report.ts'),
  ])
  const drivers = createDriverChoice(flags.driver)
  for (const path of [...paths].reverse()) useRecipesOf(path)
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
