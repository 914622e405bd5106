import { code, tableOf } from './schema-table.mjs'

/** Methods of a path that do the same stand in one row. */
export function routeTable({ paths }) {
  const lines = Object.entries(paths).flatMap(([path, item]) => {
    const rows = new Map()
    for (const [method, { summary, security }] of Object.entries(item)) {
      const row = rows.get(summary) ?? { methods: [], token: security.length > 0 }
      row.methods.push(code(method.toUpperCase()))
      rows.set(summary, row)
    }
    return [...rows].map(([summary, { methods, token }]) => [
      methods.join(', '),
      code(path),
      token ? 'yes' : 'no',
      summary,
    ])
  })
  return tableOf(['Method', 'Path', 'Token', 'What it does'], lines)
}

export function metricTable(metrics) {
  const lines = metrics.map(({ name, type, labels, help }) => [
    code(name),
    type,
    labels.length === 0 ? '–' : labels.map(code).join(', '),
    help,
  ])
  return tableOf(['Name', 'Type', 'Labels', 'Meaning'], lines)
}
