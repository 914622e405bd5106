import { MapperError } from '@mapper-sdk/core'
import { parseName, type ParsedName } from './browse-path.ts'

/** A field of an event: the way to it from its type, as SimpleAttributeOperand takes it. */
export interface EventField {
  /** What the member of the JSON text is called: the text of the field. */
  readonly label: string
  readonly path: readonly ParsedName[]
}

const most = 64

/**
 * Reads `Time,SourceName,EnabledState/Id,2:Batch`: fields with commas between; `/` leads to a field of a
 * field, `&` before a comma or slash makes it a part of the name. Throws `invalid_config` that begins
 * with what is wrong.
 */
export function parseEventFields(text: string): readonly EventField[] {
  const fields = split(text, ',').map((part) => {
    const label = part.trim()
    if (label === '') throw wrong(`has an empty field in ${JSON.stringify(text.slice(0, 60))}`)
    return { label, path: split(label, '/').map((name) => parseName(name)) }
  })
  if (fields.length > most) throw wrong(`has more than ${most} fields`)
  const twice = fields.find(
    ({ label }, at) => fields.findIndex((other) => other.label === label) < at,
  )
  if (twice !== undefined) throw wrong(`has ${twice.label} twice`)
  return fields
}

/** At each separator that no `&` escapes and that stands in no URI of a namespace. */
function split(text: string, separator: ',' | '/'): string[] {
  const parts: string[] = []
  let from = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '&') at++
    else if (text[at] === separator) {
      parts.push(text.slice(from, at))
      from = at + 1
    } else if (text.startsWith('nsu=', at)) at = endOf(text, ';', at)
    else if (text[at] === '{') at = endOf(text, '}', at)
  }
  return [...parts, text.slice(from)]
}

const endOf = (text: string, end: string, from: number) => {
  const at = text.indexOf(end, from)
  return at < 0 ? from : at
}

const wrong = (message: string) => new MapperError('invalid_config', message)
