import type { Space } from './space.ts'
import { toVariant } from './variant-values.ts'

/** `Analog`: an AnalogItem with its range and its unit. */
export function addAnalog({ namespace, library, folder, variables, isMissing }: Space): void {
  const name = 'Analog.Temperature'
  if (isMissing(name)) return
  const variantOf = (value: unknown) => toVariant(library, 'Double', value)
  const node = namespace.addAnalogDataItem({
    organizedBy: folder('Analog'),
    browseName: 'Temperature',
    nodeId: `s=${name}`,
    dataType: 'Double',
    definition: 'inlet',
    engineeringUnitsRange: { low: -50, high: 150 },
    instrumentRange: { low: -60, high: 160 },
    engineeringUnits: library.standardUnits.degree_celsius,
    minimumSamplingInterval: 0,
  })
  node.setValueFromSource(variantOf(21.5))
  variables.set(name, { node, variantOf })
}

/** `Access`: what may be read and written, and by whom. */
export function addAccess(space: Space): void {
  const { library, variables } = space
  space.variable('Access.ReadOnly', 'Int32', 1, { accessLevel: 'CurrentRead' })
  space.variable('Access.WriteOnly', 'Int32', 2, { accessLevel: 'CurrentWrite' })
  space.variable('Access.None', 'Int32', 3, { accessLevel: '' })
  space.variable('Access.OperatorWrites', 'Int32', 4)
  space.variable('Access.OperatorOnly', 'Int32', 5)
  const { PermissionType, WellKnownRoles } = library
  const all =
    PermissionType.Browse |
    PermissionType.Read |
    PermissionType.Write |
    PermissionType.ReadRolePermissions
  const permit = (name: string, others: number) =>
    variables.get(name)?.node.setRolePermissions([
      { roleId: WellKnownRoles.Anonymous, permissions: others },
      { roleId: WellKnownRoles.AuthenticatedUser, permissions: others },
      { roleId: WellKnownRoles.Operator, permissions: all },
    ])
  permit('Access.OperatorWrites', PermissionType.Browse | PermissionType.Read)
  permit('Access.OperatorOnly', PermissionType.Browse)
}

/** `Quality`: variables that come with each kind of status, and `Time`: with odd timestamps. */
export function addQuality(space: Space): void {
  const { library, variables } = space
  const { StatusCodes } = library
  const qualities = {
    Good: StatusCodes.Good,
    GoodLocalOverride: StatusCodes.GoodLocalOverride,
    Uncertain: StatusCodes.UncertainLastUsableValue,
    // A value that no one may report.
    BadWithValue: StatusCodes.BadSensorFailure,
    Bad: StatusCodes.BadDeviceFailure,
    Waiting: StatusCodes.BadWaitingForInitialData,
    Changeable: StatusCodes.Good,
  }
  for (const [name, status] of Object.entries(qualities)) {
    space.variable(`Quality.${name}`, 'Double', 12.5)
    const there = variables.get(`Quality.${name}`)
    const value = name === 'Bad' || name === 'Waiting' ? null : 12.5
    there?.node.setValueFromSource(
      value === null ? { dataType: library.DataType.Null } : there.variantOf(value),
      status,
    )
  }
  const times = {
    Epoch: '1601-01-01T00:00:00.000Z',
    Latest: '9999-12-31T23:59:59.000Z',
    Future: new Date(Date.now() + 86_400_000).toISOString(),
    Past: '2001-02-03T04:05:06.789Z',
  }
  for (const [name, text] of Object.entries(times)) {
    space.variable(`Time.${name}`, 'Int32', 7)
    const there = variables.get(`Time.${name}`)
    there?.node.setValueFromSource(there.variantOf(7), StatusCodes.Good, new Date(text))
  }
}

/** Identifiers and browse names with everything that paths and node ids give a meaning. */
export const oddNames = [
  'Names.semi;colon',
  'Names.ns=2;s=inner',
  'Names.slash/and.dot',
  'Names.&<>#:!',
  'Names.größe 温度',
  'Names. blank ',
  'Names.quo"te',
] as const

/** `Names`, `Big`, and with `treeNodes` the deep branch `Tree`. */
export function addNamesAndSizes(space: Space, treeNodes: number): void {
  const { library, namespace } = space
  for (const [index, name] of oddNames.entries()) space.variable(name, 'Int32', index)
  for (const [name, identifier] of [
    ['Numeric', 'i=4711'],
    ['Guid', 'g=72962B91-FA75-4AE6-8D28-B404DC7DAF63'],
    ['Opaque', 'b=AAEC/w=='],
  ] as const) {
    namespace
      .addVariable({
        organizedBy: space.folder('Names'),
        browseName: name,
        nodeId: identifier,
        dataType: 'String',
      })
      .setValueFromSource(toVariant(library, 'String', name))
  }
  space.variable('Big.Array', 'Double', new Array(10_000).fill(0.5))
  let text: string | undefined
  namespace.addVariable({
    organizedBy: space.folder('Big'),
    browseName: 'String16MB',
    nodeId: 's=Big.String16MB',
    dataType: 'String',
    accessLevel: 'CurrentRead',
    value: {
      get: () => toVariant(library, 'String', (text ??= 'x'.repeat(16 * 1024 * 1024))),
    },
  })
  if (treeNodes > 0) addTree(space, treeNodes)
}

function addTree(space: Space, count: number): void {
  let folder = space.folder('Tree')
  for (let index = 0; index < count; index++) {
    if (index > 0 && index % 10 === 0) {
      folder = space.namespace.addFolder(folder, {
        browseName: `Level${index / 10}`,
        nodeId: `s=Tree.Level${index / 10}`,
      })
    }
    space.variable(`Tree.${index}`, 'Int32', index, { folder })
  }
  // Its end leads back to its beginning: whoever follows all references never gets to an end.
  folder.addReference({ referenceType: 'Organizes', nodeId: space.folder('Tree').nodeId })
}
