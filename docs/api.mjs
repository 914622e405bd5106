import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { Application, LogLevel, OptionDefaults } from 'typedoc'
import { packages } from './generate/packages.mjs'

/**
 * Writes the reference of all that the packages export into docs/api, from their sources. Exits with 1 at
 * the first warning: a link in a comment that leads nowhere is one.
 */
const root = fileURLToPath(new URL('../', import.meta.url))
const inRoot = (file) => path.join(root, file)
const entries = packages.flatMap((each) => each.entries)

const app = await Application.bootstrap({
  entryPoints: entries.map(({ source }) => inRoot(source)),
  tsconfig: inRoot('.config/tsconfig.api.json'),
  name: 'KubeEdge Mapper SDK',
  readme: 'none',
  out: inRoot('docs/api'),
  logLevel: LogLevel.Warn,
  // What the generator of the messages writes.
  blockTags: [...OptionDefaults.blockTags, '@generated'],
  excludeTags: [...OptionDefaults.excludeTags, '@generated'],
  excludeInternal: true,
  excludePrivate: true,
  disableGit: true,
  disableSources: true,
  githubPages: false,
  validation: { invalidLink: true, invalidPath: true, notExported: false, notDocumented: false },
})
const project = await app.convert()
if (project === undefined) process.exit(1)
// By the name under which it is imported, not by the place of its file.
const names = new Map(entries.map(({ name, source }) => [inRoot(source), name]))
for (const module of project.children ?? []) {
  const file = project.files.getReflectionPath?.(module) ?? module.sources?.[0]?.fullFileName
  module.name = names.get(file) ?? module.name
}
app.validate(project)
await app.generateOutputs(project)
process.exit(app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0)
