import type { DeviceModel, ModelProperty, PropertyType } from '../../device.ts'
import { at, listOf, recordOf, textOf, type Unknown } from './json.ts'

const types: ReadonlyMap<string, PropertyType> = new Map([
  ['int', 'INT'],
  ['integer', 'INT'],
  ['float', 'FLOAT'],
  ['double', 'DOUBLE'],
  ['string', 'STRING'],
  ['boolean', 'BOOLEAN'],
  ['bytes', 'BYTES'],
])

/** A device model of the file; properties that cannot be used are left out of it and told. */
export function modelOf(
  value: unknown,
  namespace: string,
  path: string,
  say: (path: string, message: string) => void,
): DeviceModel | undefined {
  const model = recordOf(value)
  const name = textOf(model?.['name'])
  if (model === undefined || name === '' || name.includes('/')) {
    return void say(path, name === '' ? 'has no name' : 'has a slash in its name')
  }
  const properties: ModelProperty[] = []
  const list = listOf(model['properties'], `${path}.properties`, say)
  for (const [index, entry] of list.entries()) {
    const place = `${path}.${at('properties', index)}`
    const property = recordOf(entry)
    const type = types.get(textOf(property?.['dataType']).toLowerCase())
    if (property === undefined || textOf(property['name']) === '') say(place, 'has no name')
    else if (type === undefined) {
      say(`${place}.dataType`, `must be one of ${[...types.keys()].join(', ')}`)
    } else properties.push(propertyOf(property, type))
  }
  return { namespace, name, properties }
}

function propertyOf(property: Unknown, type: PropertyType): ModelProperty {
  const { minimum, maximum } = limitsOf(property)
  const [description, unit] = [textOf(property['description']), textOf(property['unit'])]
  return {
    name: textOf(property['name']),
    type,
    accessMode: property['accessMode'] === 'ReadOnly' ? 'ReadOnly' : 'ReadWrite',
    ...(description !== '' && { description }),
    ...(minimum !== '' && { minimum }),
    ...(maximum !== '' && { maximum }),
    ...(unit !== '' && { unit }),
  }
}

/** CloudCore writes 0 for a limit that the model leaves out, so a 0 that leaves no room is none. */
function limitsOf(property: Unknown): { minimum: string; maximum: string } {
  const [minimum, maximum] = [textOf(property['minimum']), textOf(property['maximum'])]
  if (minimum === '' || maximum === '' || Number(minimum) < Number(maximum)) {
    return { minimum, maximum }
  }
  return {
    minimum: Number(minimum) === 0 ? '' : minimum,
    maximum: Number(maximum) === 0 ? '' : maximum,
  }
}
