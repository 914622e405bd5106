import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../../packages/', import.meta.url)

/**
 * What each package gives to others: name, description, and its entry points with the source that each
 * stands for, relative to the root. From the package.json files, in the order of their names.
 */
export const packages = readdirSync(folder)
  .sort()
  .map((name) => {
    const text = readFileSync(new URL(`${name}/package.json`, folder), 'utf8')
    const { name: title, description, exports, bin = {} } = JSON.parse(text)
    const entries = Object.entries(exports).flatMap(([place, target]) => {
      const source = target['@mapper-sdk/source']
      if (source === undefined) return []
      return { name: title + place.slice(1), source: `packages/${name}/${source.slice(2)}` }
    })
    return { name: title, description, entries, commands: Object.keys(bin) }
  })

/** A row for each package. */
export const packageTable = () =>
  [
    '| Package | Entry points | Commands | What it is |',
    '| - | - | - | - |',
    ...packages.map(({ name, description, entries, commands }) => {
      const points = entries.map((entry) => `\`${entry.name}\``).join('<br>')
      const typed = commands.map((command) => `\`${command}\``).join('<br>') || '–'
      return `| \`${name}\` | ${points} | ${typed} | ${description} |`
    }),
  ].join('\n')
