import { MapperError } from '@mapper-sdk/core'
import { addDeclared } from './declared-nodes.ts'
import type { AddressSpace, Namespace } from 'node-opcua'
import {
  decoyNamespace,
  simulatorNamespace,
  type ChangingItems,
  type OpcuaSimulatorOptions,
} from './options.ts'
import type { ServerLibrary } from './server-library.ts'
import { startChanging } from './space/changing.ts'
import { addEvents, type SimulatedEvents } from './space/events.ts'
import { addMethods } from './space/methods.ts'
import { addAccess, addAnalog, addNamesAndSizes, addQuality } from './space/special-folders.ts'
import { addTypedValues } from './space/typed-values.ts'
import { createSpace, type Space } from './space/space.ts'
import { addDecoys, addValues } from './space/values-folders.ts'

export interface BuiltSpace extends Space {
  readonly events: SimulatedEvents
  /** Ends what changes by itself. */
  stop(): void
}

/** The namespaces from index 2 on. */
export function namespacesOf({
  namespaces = [decoyNamespace, simulatorNamespace],
}: OpcuaSimulatorOptions): readonly string[] {
  if (namespaces.includes(simulatorNamespace)) return namespaces
  throw new MapperError('invalid_config', `namespaces must hold ${simulatorNamespace}`)
}

/** Puts the simulator's nodes into a server that has its namespaces. */
export async function buildSpace(
  library: ServerLibrary,
  addressSpace: AddressSpace,
  options: OpcuaSimulatorOptions,
  items: ChangingItems,
): Promise<BuiltSpace> {
  const namespaceOf = (uri: string) => addressSpace.getNamespace(uri) as Namespace
  const namespace = namespaceOf(simulatorNamespace)
  const space = createSpace(library, addressSpace, namespace, options.missing)
  addValues(space)
  for (const uri of namespacesOf(options).filter((each) => each !== simulatorNamespace)) {
    addDecoys(library, namespaceOf(uri), addressSpace.rootFolder.objects)
  }
  addTypedValues(space)
  addAnalog(space)
  addAccess(space)
  addQuality(space)
  addNamesAndSizes(space, options.treeNodes ?? 0)
  const stopDeclared = addDeclared(space, options.nodes ?? [])
  const stopMethods = addMethods(space)
  const events = addEvents(space)
  if (options.conformance === true) {
    const { build_address_space_for_conformance_testing: addConformance } =
      await import('node-opcua-address-space-for-conformance-testing')
    await addConformance(addressSpace, {})
  }
  const stopChanging = startChanging(space, items)
  return {
    ...space,
    events,
    stop() {
      stopChanging()
      stopDeclared()
      stopMethods()
    },
  }
}
