import type { UADataType, UAVariable, Variant } from 'node-opcua'
import type { Space } from './space.ts'
import { toVariant } from './variant-values.ts'
import { typeIds } from './types-nodeset.ts'

/** `Enumeration` and `Structure`: variables of the simulator's own types. */
export function addTypedValues(space: Space): void {
  const { library, addressSpace, namespace } = space
  const priority = namespace.addEnumerationType({
    browseName: 'Priority',
    enumeration: [
      { value: 10, displayName: 'Low' },
      { value: 20, displayName: 'Normal' },
      { value: 30, displayName: 'High' },
    ],
  })
  const typeOf = (name: TypeName) =>
    name === 'Priority' ? priority : (namespace.findNode(`i=${typeIds[name]}`) as UADataType)

  const add = (
    name: string,
    type: TypeName,
    value: unknown,
    variantOf: (value: unknown) => Variant,
  ) => {
    if (space.isMissing(name)) return
    const node: UAVariable = namespace.addVariable({
      organizedBy: space.folder(name.slice(0, name.indexOf('.'))),
      browseName: name.slice(name.indexOf('.') + 1),
      nodeId: `s=${name}`,
      dataType: typeOf(type).nodeId,
      ...(Array.isArray(value) && { valueRank: 1 }),
      minimumSamplingInterval: 0,
    })
    node.setValueFromSource(variantOf(value))
    space.variables.set(name, { node, variantOf })
  }

  const whole = (value: unknown) => toVariant(library, 'Int32', value)
  add('Enumeration.Color', 'Color', 1, whole)
  add('Enumeration.ColorArray', 'Color', [2, 0, 1], whole)
  add('Enumeration.Priority', 'Priority', 20, whole)

  const extension = (type: TypeName) => (value: unknown) => {
    const make = (fields: unknown) =>
      addressSpace.constructExtensionObject(typeOf(type), fields as Record<string, unknown>)
    const { ExtensionObject } = library.DataType
    return Array.isArray(value)
      ? new library.Variant({
          dataType: ExtensionObject,
          arrayType: library.VariantArrayType.Array,
          value: value.map(make),
        })
      : new library.Variant({ dataType: ExtensionObject, value: make(value) })
  }
  for (const [name, [type, value]] of Object.entries(structureValues)) {
    add(`Structure.${name}`, type, value, extension(type))
  }
}

type TypeName = keyof typeof typeIds | 'Priority'

/** The fields of structures, as node-opcua has them: 64-bit integers are pairs of words. */
const structureValues: Readonly<Record<string, readonly [TypeName, unknown]>> = {
  Place: ['Place', { x: 1.5, y: -2.5, z: 0 }],
  PlaceArray: [
    'Place',
    [
      { x: 1, y: 2, z: 3 },
      { x: 4, y: 5, z: 6 },
    ],
  ],
  Recipe: [
    'Recipe',
    {
      name: 'Grüße',
      number: [2_097_152, 1],
      color: 2,
      origin: { x: 1, y: 2, z: 3 },
      path: [
        { x: 0, y: 0, z: 0 },
        { x: 1, y: 1, z: 1 },
      ],
      steps: [1, -2, 3],
      made: new Date('2024-02-29T12:34:56.789Z'),
      raw: Buffer.of(0, 255),
    },
  ],
  Settings: ['Settings', { speed: 2.5 }],
  SettingsFull: ['Settings', { speed: 3.5, comment: 'fast', limits: [1, 2] }],
  ChoiceNumber: ['Choice', { number: 42 }],
  ChoiceText: ['Choice', { text: 'forty-two' }],
}
