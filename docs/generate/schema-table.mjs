/**
 * Tables of the words that a JSON Schema has. `links` are what stands for the values of some words, by
 * their name, where a word has a table of its own.
 */
export const wordTable = (schema, links = {}) => table(rows(schema, '', links))

/** A table for each block of the file, with the keys as they are written there. */
export function fileTable(schema) {
  const blocks = Object.entries(schema.properties).filter(([, value]) => value.properties)
  const others = Object.entries(schema.properties).filter(([, value]) => !value.properties)
  const block = ([key, value]) =>
    `### \`${key}\`\n\n${sentence(value.description)}\n\n${wordTable(value)}`
  const rest = { properties: Object.fromEntries(others), required: schema.required }
  return [...blocks.map(block), `### At the top level\n\n${wordTable(rest)}`].join('\n\n')
}

/** Any table: its head, and its lines. */
export const tableOf = (head, lines) =>
  [head, head.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.map(cell).join(' | ')} |`)
    .join('\n')

const table = (lines) => tableOf(['Word', 'Value', 'Default', 'Meaning'], lines)

/** `block` is the block that the words are in, if it may be left out. */
function rows(schema, prefix, links, block) {
  return Object.entries(schema.properties).flatMap(([key, value]) => {
    const name = prefix + key
    const link = links[name]
    const isRequired = schema.required?.includes(key) === true
    const inner = value.properties ? value : value.items?.properties ? value.items : undefined
    if (link === undefined && inner !== undefined) {
      const mark = inner === value ? '' : '[]'
      return rows(inner, `${name}${mark}.`, links, isRequired ? block : name)
    }
    const { text, fallback: said, more } = partsOf(value.description)
    const required = block === undefined ? 'required' : `required in ${code(block)}`
    const fallback = isRequired && value.default === undefined ? required : defaultOf(value, said)
    const example = value.examples?.[0]
    const shown = example === undefined ? '' : `Example: ${code(example)}.`
    const meaning = [sentence(text), more, shown].filter((part) => part).join(' ')
    return [[code(name), link ?? kindOf(value), fallback, withCode(meaning)]]
  })
}

/** Markdown would take the name of a byte for HTML. */
const withCode = (text) => text.replaceAll(/(?<!`)<[A-Z]+>/g, code)

/** A description says its default in words where that is no plain value. */
function partsOf(description) {
  const [, text, fallback, more] =
    /^(.*?)(?:[;,.] [dD]efault:? (.*?)(?:\. (.*))?)?$/s.exec(description) ?? []
  return { text, fallback, more }
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
    case 'array':
      return 'list of texts'
    case 'object':
      return mapKind(schema)
    default:
      return schema.pattern === '^/' ? 'absolute path' : 'text'
  }
}

/** Only maps come here; objects are rows of their own. */
const mapKind = ({ patternProperties = {} }) =>
  Object.values(patternProperties).some(({ type }) => type !== 'string')
    ? 'values by name'
    : 'texts by value'

function range({ minimum, maximum, exclusiveMinimum, not }) {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`
  if (minimum !== undefined) return `, ${minimum} or more`
  if (exclusiveMinimum !== undefined) return `, more than ${exclusiveMinimum}`
  return not?.const === undefined ? '' : `, not ${not.const}`
}

/** Code with a backtick in it needs more of them round it. */
export const code = (value) => (String(value).includes('`') ? `\`\` ${value} \`\`` : `\`${value}\``)

export const sentence = (text) => {
  const begun = /^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
  return /[.:]$/.test(begun) ? begun : `${begun}.`
}

/** A pipe would end the cell. */
const cell = (text) => text.replaceAll('|', '\\|')
