type Schema = Readonly<Record<string, unknown>>

/**
 * A schema for what people write, made of one for what has been read: a mapper takes numbers, texts and
 * booleans for each other where that is safe, and knows further names for settings. So every scalar may be
 * a text. With `partial`, nothing need be there: it may be in the model, or have another name. With
 * `empty`, what has no value counts as left out.
 */
export function lenient(
  schema: object,
  { partial, empty = false }: { readonly partial: boolean; readonly empty?: boolean },
): Schema {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    return isSchema(value) ? ofSchema(value) : value
  }
  const ofMap = (map: Schema) =>
    Object.fromEntries(Object.entries(map).map(([name, inner]) => [name, walk(inner)]))

  const ofSchema = (given: Schema): Schema => {
    const kept = Object.entries(given).filter(
      ([key, value]) => !(partial && (absences.has(key) || (key === 'not' && isAbsence(value)))),
    )
    const open: Record<string, unknown> = {}
    for (const [key, value] of kept) {
      if (key === 'type') {
        const pattern = patternOf(value)
        open['type'] = empty ? orNull(typesOf(value)) : typesOf(value)
        if (pattern !== undefined) open['pattern'] = pattern
      } else if (key === 'enum')
        open['enum'] = [...choicesOf(value as readonly unknown[]), ...(empty ? [null] : [])]
      else if (key === 'const') open['enum'] = choicesOf([value])
      else if (maps.has(key) && isSchema(value)) open[key] = ofMap(value)
      // Without what must be there, more than one form may fit.
      else if (key === 'oneOf') open['anyOf'] = walk(value)
      else if (schemas.has(key)) open[key] = walk(value)
      else open[key] = value
    }
    return open
  }
  return ofSchema(schema as Schema)
}

/** What says that something must be there, or depends on whether it is. */
const absences = new Set([
  ...['required', 'dependentRequired', 'minProperties', 'if', 'then', 'else'],
  ...['additionalProperties', 'unevaluatedProperties', 'dependentSchemas'],
])
const isAbsence = (value: unknown) => isSchema(value) && 'required' in value

const maps = new Set(['properties', 'patternProperties', '$defs', 'dependentSchemas'])
const schemas = new Set([
  ...['items', 'prefixItems', 'allOf', 'anyOf', 'not', 'if', 'then', 'else'],
  ...['additionalProperties', 'propertyNames', 'contains'],
])

const scalars = ['string', 'number', 'integer', 'boolean']

function typesOf(type: unknown): unknown {
  const types = Array.isArray(type) ? (type as unknown[]) : [type]
  if (!types.some((one) => scalars.includes(String(one)))) return type
  // A text may be written as a number: 01234 or 1.10, where quotes are forgotten and nothing is lost.
  const others = types.includes('string') ? ['number', 'boolean'] : ['string']
  const numbers = types.includes('boolean') ? ['integer'] : []
  const all = [...new Set([...types, ...others, ...numbers])]
  return all.filter((one) => one !== 'integer' || !all.includes('number'))
}

/** The texts that are taken for a number or a boolean. */
function patternOf(type: unknown): string | undefined {
  const types = [type].flat()
  if (types.includes('string')) return undefined
  const number = String.raw`[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?`
  const boolean = '[Tt]rue|[Ff]alse|[Yy]es|[Nn]o|[Oo]n|[Oo]ff|[01]'
  const isNumber = types.includes('number') || types.includes('integer')
  const forms = [...(isNumber ? [number] : []), ...(types.includes('boolean') ? [boolean] : [])]
  return forms.length === 0 ? undefined : `^(${forms.join('|')})$`
}

const orNull = (type: unknown) => [type, 'null'].flat()

/** The same words as texts, for who writes them with quotes. */
function choicesOf(choices: readonly unknown[]): readonly unknown[] {
  const isBoolean = choices.some((choice) => typeof choice === 'boolean')
  const texts = choices.filter((choice) => typeof choice !== 'object').map(String)
  return [...new Set([...choices, ...texts, ...(isBoolean ? choices.map(Number) : [])])]
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
