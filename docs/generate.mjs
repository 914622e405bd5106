import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { rules } from '@mapper-sdk/cli'
import { errorPolicies, valueOptionsSchema } from '@mapper-sdk/core'
import { configSchema, describeHttp } from '@mapper-sdk/core/main'
import * as modbus from '@mapper-sdk/modbus'
import * as opcua from '@mapper-sdk/opcua'
import { format, resolveConfig } from 'prettier'
import { code, fileTable, tableOf, wordTable } from './generate/schema-table.mjs'
import { packageTable } from './generate/packages.mjs'
import { metricTable, routeTable } from './generate/http-tables.mjs'
import { serialTables } from './generate/serial-tables.mjs'

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
  ...serialTables,
  'error policies': () => policyTable(errorPolicies),
  'http routes': () => routeTable(describeHttp().openApi),
  metrics: () => metricTable(describeHttp().metrics),
  'check rules': () => ruleTable(rules),
  packages: packageTable,
}

const pages = [
  'reference/api.md',
  'reference/check.md',
  'reference/configuration.md',
  'reference/errors.md',
  'reference/http.md',
  'drivers/modbus.md',
  'drivers/opcua.md',
  'drivers/serial.md',
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

function policyTable(policies) {
  const lines = Object.entries(policies).map(([name, { retry, state, level, weather }]) => [
    `[${code(name)}](#${name})`,
    retry,
    code(state),
    code(level),
    weather ? 'no' : 'yes',
  ])
  const head = ['Code', 'Connecting again', 'Device state', 'First log line', 'With a stack']
  return tableOf(head, lines)
}

function ruleTable(all) {
  const lines = Object.entries(all).map(([name, { severity, scope, about, instead, fix }]) => [
    code(name),
    severity,
    scope === 'cluster' ? '☁' : '',
    about,
    instead,
    fix === undefined ? '–' : fix,
  ])
  return tableOf(['Rule', 'Severity', '', 'What is wrong', 'What to write', '`--fix`'], lines)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, text } of await generate()) await writeFile(file, text)
}
