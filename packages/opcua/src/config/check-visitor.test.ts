import { createChecker, type PropertyType, type RawConfig } from '@mapper-sdk/core'
import { expect, it } from 'vitest'
import { checkVisitor } from './check-visitor.ts'
import { protocolSchema, type OpcuaProtocol } from './protocol.ts'
import { visitorSchema, type OpcuaVisitor } from './visitor.ts'

const protocol = createChecker(protocolSchema).check({ url: 'opc.tcp://plc:4840' }, [])
  .value as OpcuaProtocol

/** The conflict of a visitor that its schema has nothing against. */
function conflict(raw: RawConfig, type: PropertyType = 'STRING') {
  const { value, issues } = createChecker(visitorSchema).check(raw, [])
  expect(issues).toEqual([])
  const property = { name: 'p', type, accessMode: 'ReadWrite' } as const
  return checkVisitor(protocol, value as OpcuaVisitor, property)
}

it.each<[RawConfig]>([
  [{}],
  [{ nodeID: 'ns=2;s=Boiler' }],
  [{ browsePath: '/2:Line1/2:Boiler' }],
  [{ nodeID: 'i=85', browsePath: '2:Boiler', indexRange: '0:9,2', member: '[3].value' }],
  [{ nodeID: 'i=5', attribute: 'DisplayName' }],
  [{ nodeID: 'i=5', serverDeadband: 1 }],
  [{ nodeID: 'i=5', methodID: 'i=6' }],
  [{ nodeID: 'i=2253', eventFields: 'Time,Message', eventType: 'i=2041', eventSeverity: 500 }],
])('%j is all right', (raw) => {
  expect(conflict(raw)).toBeUndefined()
})

it.each<[RawConfig, string, string]>([
  [{ nodeID: 'Boiler' }, 'nodeID', 'is no node id: "Boiler"'],
  [{ methodID: 'i=x' }, 'methodID', 'has "x" after i='],
  [{ eventFields: 'Time', eventType: '2041' }, 'eventType', 'is no node id'],
  [{ browsePath: '/2:a//2:b' }, 'browsePath', 'has no name'],
  [{ member: 'a..b' }, 'member', 'cannot be read'],
  [{ indexRange: '9:0' }, 'indexRange', 'has 9:0; write the lower number first'],
  [{ indexRange: '3:3' }, 'indexRange', 'has 3:3'],
  [{ indexRange: '4294967296' }, 'indexRange', 'has 4294967296'],
  [{ eventFields: 'Time,,Message' }, 'eventFields', 'has an empty field'],
  [{ eventFields: 'Time,Time' }, 'eventFields', 'has Time twice'],
  [{ methodID: 'i=1', browsePath: '/a' }, 'methodID', 'cannot stand beside browsePath'],
  [{ methodID: 'i=1', eventFields: 'Time' }, 'methodID', 'cannot stand beside eventFields'],
  [{ methodID: 'i=1', attribute: 'NodeId' }, 'methodID', 'is for the attribute Value'],
  [{ eventFields: 'Time', indexRange: '1' }, 'eventFields', 'cannot stand beside indexRange'],
  [{ eventFields: 'Time', attribute: 'NodeId' }, 'eventFields', 'is for the attribute Value'],
  [{ indexRange: '1', attribute: 'DisplayName' }, 'indexRange', 'attribute is DisplayName'],
  [{ member: 'a', attribute: 'DisplayName' }, 'member', 'attribute is DisplayName'],
  [
    { serverDeadband: 1, serverDeadbandPercent: 1 },
    'serverDeadband',
    'cannot stand beside serverDeadbandPercent',
  ],
  [{ eventType: 'i=2041' }, 'eventType', 'eventFields is missing'],
  [{ eventSeverity: 1 }, 'eventSeverity', 'eventFields is missing'],
])('%j conflicts', (raw, field, message) => {
  const found = conflict(raw)
  expect(found?.field).toBe(field)
  expect(found?.message).toContain(message)
})

it('wants a text for events', () => {
  expect(conflict({ eventFields: 'Time' }, 'INT')).toEqual({
    field: 'eventFields',
    message: 'makes a JSON text of events, but the property is INT; make it STRING',
  })
})
