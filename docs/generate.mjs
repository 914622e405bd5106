import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { errorPolicies, valueOptionsSchema } from '@mapper-sdk/core'
import { configSchema, describeHttp } from '@mapper-sdk/core/main'
import * as modbus from '@mapper-sdk/modbus'
import * as opcua from '@mapper-sdk/opcua'
import { format, resolveConfig } from 'prettier'

/**
 * Fills the tables of the reference pages from the code that they describe. A table stands in its page
 * between `<!-- generated: NAME -->` and `<!-- end of NAME -->`; the rest of the page is written by hand.
 */
const tables = {
  'configuration file': () => fileTable(configSchema),
  'value options': () => wordTable(valueOptionsSchema),
  'modbus protocol': () => wordTable(modbus.protocolSchema),
  'modbus visitor': () => wordTable(modbus.visitorSchema),
  'opcua protocol': () => wordTable(opcua.protocolSchema),
  'opcua visitor': () => wordTable(opcua.visitorSchema),
  'error policies': () => policyTable(errorPolicies),
  'http routes': () => routeTable(describeHttp().openApi),
  metrics: () => metricTable(describeHttp().metrics),
}

const pages = [
  'reference/configuration.md',
  'reference/errors.md',
  'reference/http.md',
  'drivers/modbus.md',
  'drivers/opcua.md',
]

/** Every page with generated parts: its file, and its text as it should be. */
export const generate = () =>
  Promise.all(
    pages.map(async (page) => {
      const file = fileURLToPath(new URL(page, import.meta.url))
      const text = fill(await readFile(file, 'utf8'), page)
      return { file, text: await format(text, { ...(await resolveConfig(file)), filepath: file }) }
    }),
  )

const fill = (text, page) =>
  text.replaceAll(
    /(<!-- generated: (.+?) -->).*?(<!-- end of \2 -->)/gs,
    (_, begin, name, finish) => {
      if (!(name in tables)) throw new Error(`${page} wants the table "${name}", which is none`)
      return `${begin}\n\n${tables[name]()}\n\n${finish}`
    },
  )

/** A table for each block of the file, with the keys as they are written there. */
function fileTable(schema) {
  const blocks = Object.entries(schema.properties).filter(([, value]) => value.properties)
  const others = Object.entries(schema.properties).filter(([, value]) => !value.properties)
  const block = ([key, value]) =>
    `### \`${key}\`\n\n${sentence(value.description)}\n\n${table(rows(value, ''))}`
  const rest = { properties: Object.fromEntries(others), required: schema.required }
  return [...blocks.map(block), `### At the top level\n\n${table(rows(rest, ''))}`].join('\n\n')
}

const wordTable = (schema) => table(rows(schema, ''))

const head = (cells) => [cells, cells.map(() => '---')]
const table = (lines) =>
  [...head(['Word', 'Value', 'Default', 'Meaning']), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

function rows(schema, prefix) {
  return Object.entries(schema.properties).flatMap(([key, value]) => {
    if (value.properties) return rows(value, `${prefix}${key}.`)
    const [, text, said] = /^(.*?)(?:[;,] default:? (.*))?$/s.exec(value.description)
    const required = schema.required?.includes(key) && value.default === undefined
    const fallback = required ? 'required' : defaultOf(value, said)
    const example = value.examples?.[0]
    const meaning = sentence(text) + (example === undefined ? '' : ` Example: ${code(example)}.`)
    return [[code(prefix + key), kindOf(value), fallback, meaning].map(cell)]
  })
}

function defaultOf(value, said) {
  if (value.default !== undefined) return code(value.default)
  if (said === undefined) return '–'
  return said.startsWith('/') || said.startsWith('<') ? code(said) : said
}

function kindOf(schema) {
  if (schema.anyOf) {
    const all = schema.anyOf.map(({ const: only }) => only)
    if (all.every((one) => one !== undefined)) return all.map(code).join(', ')
    return [...new Set(schema.anyOf.map(kindOf))].join(' or ')
  }
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => kindOf({ ...schema, type })).join(', or ')
  }
  if (schema.enum) return schema.enum.map(code).join(', ')
  switch (schema.type) {
    case 'integer':
    case 'number':
      return `${schema.type === 'integer' ? 'whole number' : 'number'}${range(schema)}`
    case 'boolean':
      return '`true`, `false`'
    case 'object':
      return 'texts by value'
    case 'array':
      return 'list of texts'
    default:
      return schema.pattern === '^/' ? 'absolute path' : 'text'
  }
}

function range({ minimum, maximum, exclusiveMinimum, not }) {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`
  if (minimum !== undefined) return `, ${minimum} or more`
  if (exclusiveMinimum !== undefined) return `, more than ${exclusiveMinimum}`
  return not?.const === undefined ? '' : `, not ${not.const}`
}

function policyTable(policies) {
  const lines = Object.entries(policies).map(([name, { retry, state, level, weather }]) => [
    `[${code(name)}](#${name})`,
    retry,
    code(state),
    code(level),
    weather ? 'no' : 'yes',
  ])
  const title = ['Code', 'Connecting again', 'Device state', 'First log line', 'With a stack']
  return [...head(title), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Methods of a path that do the same stand in one row. */
function routeTable({ paths }) {
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
      cell(summary),
    ])
  })
  return [...head(['Method', 'Path', 'Token', 'What it does']), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

function metricTable(metrics) {
  const lines = metrics.map(({ name, type, labels, help }) => [
    code(name),
    type,
    labels.length === 0 ? '–' : labels.map(code).join(', '),
    cell(help),
  ])
  return [...head(['Name', 'Type', 'Labels', 'Meaning']), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

const code = (value) => `\`${value}\``
const sentence = (text) => {
  const begun = /^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
  return /[.:]$/.test(begun) ? begun : `${begun}.`
}
/** A pipe would end the cell. */
const cell = (text) => text.replaceAll('|', '\\|')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, text } of await generate()) await writeFile(file, text)
}
