import { MapperError } from '@mapper-sdk/core'

type Step = string | number

/** `a.b[0]` as steps. Throws a MapperError `invalid_config`. */
export function parseJsonPath(path: string): readonly Step[] {
  const step = /(?:^|\.)([A-Za-z_$][\w$-]*)|\[(\d{1,6})\]|\["([^"\\]*)"\]/y
  const steps: Step[] = []
  while (step.lastIndex < path.length) {
    const found = step.exec(path)
    if (found === null || steps.length >= 32) {
      throw new MapperError(
        'invalid_config',
        `${JSON.stringify(path.slice(0, 60))} is no path in JSON; write it like a.b[0]`,
      )
    }
    const [, name, index, quoted] = found
    steps.push(index === undefined ? (name ?? quoted ?? '') : Number(index))
  }
  return steps
}

/** What is there in a text of JSON. Throws a MapperError `bad_data` that says how far it came. */
export function followJsonPath(text: string, steps: readonly Step[]): string | number | boolean {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (cause) {
    throw new MapperError('bad_data', 'the frame is no JSON', { cause })
  }
  let way = '$'
  for (const step of steps) {
    const isThere =
      typeof found === 'object' &&
      found !== null &&
      Array.isArray(found) === (typeof step === 'number') &&
      Object.hasOwn(found, step)
    if (!isThere) throw new MapperError('bad_data', `${way} of the frame has no ${step}`)
    found = (found as Readonly<Record<Step, unknown>>)[step]
    way += typeof step === 'number' ? `[${step}]` : `.${step}`
  }
  if (typeof found === 'string' || typeof found === 'boolean') return found
  if (typeof found === 'number') {
    // JSON.parse has rounded it already, unless it is small enough.
    if (!Number.isInteger(found) || Number.isSafeInteger(found)) return found
    throw new MapperError('bad_data', `${way} is ${found}, too large to be exact`)
  }
  const what = found === null ? 'null' : Array.isArray(found) ? 'a list' : 'an object'
  throw new MapperError('bad_data', `${way} is ${what}`)
}
