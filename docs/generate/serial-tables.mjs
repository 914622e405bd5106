import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import * as serial from '@mapper-sdk/serial'
import { code, sentence, tableOf, wordTable } from './schema-table.mjs'

/** Schemas of the parts of a recipe, which are maps of blocks, and of frames, which are alternatives. */
const { properties: recipe } = serial.recipeSchema
const blockOf = ({ patternProperties }) => Object.values(patternProperties)[0]
const param = blockOf(recipe.params)
const exchange = blockOf(recipe.exchanges)
const stream = blockOf(recipe.streams)
const value = blockOf(recipe.values)
const write = blockOf(recipe.writes)
const frames = serial.frameSchema.anyOf
const [frame] = frames
const isCommon = (key) => frames.every(({ properties }) => key in properties)

/** What stands for the values of words that have a table of their own. */
const links = {
  frame: '[a frame](#frames)',
  send: '[a frame](#frames)',
  line: '[a line](#line)',
  params: '[settings](#settings), by name',
  exchanges: '[exchanges](#exchanges), by name',
  streams: '[streams](#streams), by name',
  values: '[values](#values), by name',
  writes: '[writes](#writes), by name',
  response: '[a match](#matching)',
  match: '[a match](#matching)',
  'errors[].match': '[a match](#matching)',
  factor: '[a place](#places)',
  with: '[places](#places), by name',
}

const only = ({ properties, required }, keep) => ({
  properties: Object.fromEntries(Object.entries(properties).filter(([key]) => keep(key))),
  required,
})

/** The words of a place, which are also those of `factor` and `with`. */
const isPlace = (key) => key in value.properties.factor.properties
const isOfPlace = ['digits', 'trim', 'lookup', 'otherwise']

export const serialTables = {
  'serial protocol': () => wordTable(serial.protocolSchema),
  'serial visitor': () => wordTable(serial.visitorSchema),
  'serial recipe': () => wordTable(serial.recipeSchema, links),
  'serial line': () => wordTable(recipe.line),
  'serial setting': () => wordTable(param),
  'serial exchange': () => wordTable(exchange, links),
  'serial stream': () => wordTable(stream, links),
  'serial match': () =>
    wordTable(serial.matchSchema, { groups: '[templates](#placeholders), by group' }),
  'serial value': () =>
    wordTable(
      only(value, (key) => !isPlace(key)),
      links,
    ),
  'serial place': () => wordTable(only(value, (key) => isPlace(key) && !isOfPlace.includes(key))),
  'serial text': () => wordTable(only(value, (key) => isOfPlace.includes(key))),
  'serial write': () =>
    wordTable(
      only(write, (key) => !(key in exchange.properties)),
      links,
    ),
  'serial frame': () => frameTable(),
  'serial frame types': () => frames.map(typeSection).join('\n\n'),
  'serial checksum': () =>
    wordTable(frame.properties.checksum, { type: '[a name](#names-of-checksums), `CRC`' }),
  'serial checksum names': () => checksumTable(),
  'serial transcript': () => wordTable(serial.transcriptSchema),
  'serial recipes': () => recipeTable(),
}

/** What all frames have, whatever their type. */
function frameTable() {
  const types = frames.map(({ properties }) => properties.type.const)
  const type = { enum: types, description: 'How frames are told apart.' }
  const common = only(frame, isCommon)
  const schema = { properties: { ...common.properties, type }, required: common.required }
  return wordTable(schema, { checksum: '[a checksum](#checksums)' })
}

function typeSection(spec) {
  const own = only(spec, (key) => !isCommon(key))
  const title = `#### \`type: ${spec.properties.type.const}\`\n\n${sentence(spec.description)}`
  if (Object.keys(own.properties).length === 0) return `${title} They have no words of their own.`
  return `${title}\n\n${wordTable(own)}`
}

/** The checksum of the nine digits is what catalogues print. */
function checksumTable() {
  const digits = Buffer.from('123456789')
  const lines = serial.checksumNames.map((type) => {
    const check = serial.createChecksum({ type, order: 'big', as: 'HEX' }).of(digits)
    return [code(type), String(check.length / 2), code(Buffer.from(check).toString())]
  })
  return tableOf(['Name', 'Bytes', 'Of `123456789`'], lines)
}

function recipeTable() {
  // Beside a recipe stand its transcript and its simulator, whose names have a point more.
  const files = readdirSync(serial.ownRecipes).filter((file) => /^[\w-]+\.yaml$/.test(file))
  const names = (record = {}) => Object.keys(record).map(code).join(', ') || '–'
  const lines = files.sort().map((file) => {
    const text = readFileSync(path.join(serial.ownRecipes, file), 'utf8')
    const { description, documentation, params, values, writes } = serial.parseRecipe(text, file)
    const link = `[${code(file.replace('.yaml', ''))}](../../packages/serial/recipes/${file})`
    return [link, description, names(params), names(values), names(writes), documentation]
  })
  return tableOf(['Recipe', 'What', 'Settings', 'Values', 'Writes', 'Follows'], lines)
}
