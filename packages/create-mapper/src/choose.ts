import path from 'node:path'
import type { Flags } from './flags.ts'
import { packageNameProblem, plainName, protocolNameProblem, usualProtocolName } from './names.ts'
import { templateNames, templates, type TemplateName } from './templates.ts'

/** All that has to be known. */
export interface Choice {
  readonly folder: string
  readonly name: string
  readonly protocol: string
  readonly template: TemplateName
}

const usualFolder = 'my-mapper'

/** What is not said is usual. Throws if a usual name would not do. */
export function chooseUsual(flags: Flags): Choice {
  const { folder = plainName(flags.name ?? usualFolder), template = 'custom' } = flags
  const name = flags.name ?? nameOf(folder)
  const problem = packageNameProblem(name)
  if (problem !== undefined) throw new Error(`${problem}; say it with --name`)
  return { folder, name, protocol: flags.protocol ?? usualProtocolName(name), template }
}

/** Asks on the terminal for what is not said; undefined if the user does not go on. */
export async function chooseByPrompts(flags: Flags): Promise<Choice | undefined> {
  // Only loaded when somebody is there.
  const { intro, isCancel, select, text } = await import('@clack/prompts')
  intro('A KubeEdge mapper with a driver of your own')
  const folder =
    flags.folder ??
    (await text({ message: 'Folder', placeholder: usualFolder, defaultValue: usualFolder }))
  if (isCancel(folder)) return undefined
  const fromFolder = nameOf(folder)
  const name =
    flags.name ??
    (packageNameProblem(fromFolder) === undefined
      ? fromFolder
      : await text({
          message: 'Name of the package',
          validate: (value = '') => packageNameProblem(value),
        }))
  if (isCancel(name)) return undefined
  const template =
    flags.template ??
    (await select({
      message: 'What does your device speak?',
      options: templateNames.map((value) => ({ value, label: templates[value] })),
    }))
  if (isCancel(template)) return undefined
  const usual = usualProtocolName(name)
  const protocol =
    flags.protocol ??
    (await text({
      message: 'Name of the protocol, as in spec.protocol.protocolName of a Device',
      placeholder: usual,
      defaultValue: usual,
      validate: (value = '') => (value === '' ? undefined : protocolNameProblem(value)),
    }))
  if (isCancel(protocol)) return undefined
  return { folder, name, protocol, template }
}

const nameOf = (folder: string) => path.basename(path.resolve(folder))
