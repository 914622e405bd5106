import { MapperError } from '@mapper-sdk/core'
import type { AddressSpace, Namespace } from 'node-opcua'
import {
  decoyNamespace,
  simulatorNamespace,
  type ChangingItems,
  type OpcuaSimulatorOptions,
} from './options.ts'
import type { ServerLibrary } from './server-library.ts'
import { startChanging } from './space/changing.ts'
import { createSpace, type Space } from './space/space.ts'
import { addDecoys, addValues } from './space/values-folders.ts'

export interface BuiltSpace extends Space {
  /** Ends what changes by itself. */
  stop(): void
}

/** Puts the simulator's nodes into an empty server. */
export async function buildSpace(
  library: ServerLibrary,
  addressSpace: AddressSpace,
  options: OpcuaSimulatorOptions,
  items: ChangingItems,
): Promise<BuiltSpace> {
  const { namespaces = [decoyNamespace, simulatorNamespace] } = options
  if (!namespaces.includes(simulatorNamespace)) {
    throw new MapperError('invalid_config', `namespaces must hold ${simulatorNamespace}`)
  }
  for (const uri of namespaces) addressSpace.registerNamespace(uri)
  const namespaceOf = (uri: string) => addressSpace.getNamespace(uri) as Namespace
  const namespace = namespaceOf(simulatorNamespace)
  const space = createSpace(library, addressSpace, namespace, options.missing)
  addValues(space)
  for (const uri of namespaces.filter((each) => each !== simulatorNamespace)) {
    addDecoys(library, namespaceOf(uri), addressSpace.rootFolder.objects)
  }
  const stopChanging = startChanging(space, items)
  return { ...space, stop: stopChanging }
}
