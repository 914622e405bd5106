import type { AddressSpace, Namespace, UAObject, UAVariable } from 'node-opcua'
import type { ServerLibrary } from '../server-library.ts'
import { toVariant, type BuiltInType } from './variant-values.ts'

/** Where the simulator's nodes are put together. */
export interface Space {
  readonly library: ServerLibrary
  readonly addressSpace: AddressSpace
  readonly namespace: Namespace
  /** A folder under `Simulator`, made when it is first asked for. Its identifier is its name. */
  folder(name: string): UAObject
  /** Adds a variable, unless it is to be missing. Its identifier is its name, and it is in the folder of that. */
  variable(name: string, type: BuiltInType, value: unknown, more?: VariableMore): void
  /** True for a name that is to be left out. */
  isMissing(name: string): boolean
  /** Variables by name, for whoever sets them past the wire. */
  readonly variables: Map<string, SimulatedVariable>
}

export interface VariableMore {
  readonly browseName?: string
  readonly description?: string
  readonly dimensions?: readonly number[]
  readonly accessLevel?: string
  readonly userAccessLevel?: string
  readonly folder?: UAObject
  /** Adds it although it is to be missing: it has come back. */
  readonly isBack?: boolean
}

/** A variable, and how its values are given. */
export interface SimulatedVariable {
  readonly node: UAVariable
  readonly variantOf: (value: unknown) => InstanceType<ServerLibrary['Variant']>
}

export function createSpace(
  library: ServerLibrary,
  addressSpace: AddressSpace,
  namespace: Namespace,
  missing: readonly string[] = [],
): Space {
  const root = namespace.addFolder(addressSpace.rootFolder.objects, {
    browseName: 'Simulator',
    nodeId: 's=Simulator',
  })
  const gone = new Set(missing)
  const folders = new Map<string, UAObject>()
  const variables = new Map<string, SimulatedVariable>()
  const folder = (name: string) => {
    const there = folders.get(name)
    if (there !== undefined) return there
    const made = namespace.addFolder(root, { browseName: name, nodeId: `s=${name}` })
    folders.set(name, made)
    return made
  }
  return {
    library,
    addressSpace,
    namespace,
    folder,
    variables,
    isMissing: (name) => gone.has(name),
    variable(name, type, value, more = {}) {
      if (gone.has(name) && more.isBack !== true) return
      const dot = name.indexOf('.')
      const variantOf = (given: unknown) => toVariant(library, type, given, more.dimensions)
      const { Array, Matrix } = library.VariantArrayType
      const variant = variantOf(value)
      const dimensions = more.dimensions?.length ?? 1
      const node = namespace.addVariable({
        organizedBy: more.folder ?? folder(name.slice(0, dot)),
        browseName: more.browseName ?? name.slice(dot + 1),
        nodeId: `s=${name}`,
        dataType: type,
        ...(variant.arrayType === Array && { valueRank: 1 }),
        ...(variant.arrayType === Matrix && {
          valueRank: dimensions,
          arrayDimensions: [...(more.dimensions ?? [])],
        }),
        ...(more.description !== undefined && { description: more.description }),
        ...(more.accessLevel !== undefined && { accessLevel: more.accessLevel }),
        ...(more.userAccessLevel !== undefined && { userAccessLevel: more.userAccessLevel }),
        minimumSamplingInterval: 0,
      })
      node.setValueFromSource(variant)
      variables.set(name, { node, variantOf })
    },
  }
}
