import type { Namespace, UAObject } from 'node-opcua'
import type { ServerLibrary } from '../server-library.ts'
import { limitValues, sampleArrays, sampleValues } from './sample-values.ts'
import type { Space } from './space.ts'
import { builtInTypes, toVariant, type BuiltInType } from './variant-values.ts'

/** `Scalars`, `Limits`, `Arrays`, `Matrix`: every built-in type, writable. */
export function addValues(space: Space): void {
  for (const type of builtInTypes) {
    space.variable(`Scalars.${type}`, type, sampleValues[type])
    space.variable(`Arrays.${type}`, type, sampleArrays[type])
    space.variable(`Arrays.${type}Empty`, type, [])
    const dimensions = [2, 3]
    space.variable(`Matrix.${type}`, type, [...sampleArrays[type], ...sampleArrays[type]], {
      dimensions,
    })
  }
  for (const [name, [type, value]] of Object.entries(limitValues)) {
    space.variable(`Limits.${name}`, type, value)
  }
  const cube = Array.from({ length: 24 }, (_, index) => index)
  space.variable('Matrix.Cube', 'Double', cube, { dimensions: [2, 3, 4] })
}

/** Scalars of the same identifiers whose values are wrong, in another namespace. */
export function addDecoys(library: ServerLibrary, namespace: Namespace, parent: UAObject): void {
  const folder = namespace.addFolder(parent, {
    browseName: `Decoy${namespace.index}`,
    nodeId: 's=Decoy',
  })
  const wrong: Partial<Record<BuiltInType, unknown>> = {
    ...{ Boolean: false, SByte: 66, Byte: 66, Int16: 666, UInt16: 666, Int32: 666, UInt32: 666 },
    ...{ Int64: 666n, UInt64: 666n, Float: 666, Double: 666, String: 'decoy' },
  }
  for (const [type, value] of Object.entries(wrong)) {
    const node = namespace.addVariable({
      organizedBy: folder,
      browseName: type,
      nodeId: `s=Scalars.${type}`,
      dataType: type,
    })
    node.setValueFromSource(toVariant(library, type as BuiltInType, value))
  }
}
