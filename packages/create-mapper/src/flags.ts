import { parseArgs } from 'node:util'
import { packageNameProblem, protocolNameProblem } from './names.ts'
import { isTemplateName, templateNames, templates, type TemplateName } from './templates.ts'

/** What was said on the command line; the rest is asked for, or usual. */
export interface Flags {
  readonly folder?: string
  readonly name?: string
  readonly protocol?: string
  readonly template?: TemplateName
  readonly packages?: string
  readonly yes: boolean
  readonly install: boolean
  readonly help: boolean
}

export const usage = `npm create @mapper-sdk/mapper [FOLDER] [-- FLAGS]

Makes a project with a driver of your own for a KubeEdge mapper.

  FOLDER               where to; a new or empty folder
  --name NAME          of the package; the last part of FOLDER if left out
  --protocol NAME      the protocolName of the devices; NAME without -mapper if left out
  --template TEMPLATE  custom if left out
${templateNames.map((name) => `      ${name.padEnd(17)}${templates[name]}`).join('\n')}
  --packages FOLDER    take the packages of the SDK from here, as npm pack made them
  --no-install         do not run npm install
  --yes                ask nothing
  --help               this text
`

/** Throws an Error that says what is wrong. */
export function parseFlags(args: readonly string[]): Flags {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      protocol: { type: 'string' },
      template: { type: 'string' },
      packages: { type: 'string' },
      yes: { type: 'boolean', short: 'y', default: false },
      'no-install': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { name, protocol, template, packages, yes, help } = values
  const [folder, extra] = positionals
  if (extra !== undefined) throw new Error(`one folder, not also ${extra}`)
  const problem =
    (name === undefined ? undefined : packageNameProblem(name)) ??
    (protocol === undefined ? undefined : protocolNameProblem(protocol))
  if (problem !== undefined) throw new Error(problem)
  if (template !== undefined && !isTemplateName(template)) {
    throw new Error(`--template ${template}: there is ${templateNames.join(' and ')}`)
  }
  return {
    ...(folder !== undefined && { folder }),
    ...(name !== undefined && { name }),
    ...(protocol !== undefined && { protocol }),
    ...(template !== undefined && { template }),
    ...(packages !== undefined && { packages }),
    ...{ yes, install: !values['no-install'], help },
  }
}
