import type { UAObject, UAVariable } from 'node-opcua'
import type { RaisedEvent } from '../simulator.ts'
import type { Space } from './space.ts'
import { toVariant } from './variant-values.ts'

export interface SimulatedEvents {
  raise(fields?: RaisedEvent): void
  setAlarm(active: boolean): void
}

/** `Events`: an object that raises events of a type of its own, and an alarm with what it watches. */
export function addEvents(space: Space): SimulatedEvents {
  const { library, addressSpace, namespace } = space
  addressSpace.installAlarmsAndConditionsService()
  const { server } = addressSpace.rootFolder.objects
  const folder = space.folder('Events')
  const source: UAObject = namespace.addObject({
    organizedBy: folder,
    browseName: 'Source',
    nodeId: 's=Events.Source',
    eventNotifier: 1,
    eventSourceOf: server,
  })
  const eventType = namespace.addEventType({
    browseName: 'OrderEventType',
    subtypeOf: 'BaseEventType',
  })
  for (const [browseName, dataType] of [
    ['OrderNumber', 'Int64'],
    ['Temperature', 'Double'],
  ] as const) {
    namespace.addVariable({
      propertyOf: eventType,
      browseName,
      dataType,
      modellingRule: 'Mandatory',
    })
  }
  space.variable('Events.Input', 'Boolean', false)
  space.variable('Events.NormalState', 'Boolean', false)
  const input = space.variables.get('Events.Input')?.node
  const normalState = space.variables.get('Events.NormalState')?.node as UAVariable
  if (input !== undefined) {
    const alarm = namespace.instantiateOffNormalAlarm({
      browseName: 'Alarm',
      nodeId: 's=Events.Alarm',
      componentOf: source,
      conditionSource: source,
      inputNode: input,
      normalState,
    })
    alarm.conditionName.setValueFromSource(toVariant(library, 'String', 'Alarm'))
    alarm.setEnabledState(true)
  }
  return {
    raise({ message = 'order done', severity = 500, orderNumber = 1n, temperature = 21.5 } = {}) {
      const { DataType } = library
      source.raiseEvent(eventType, {
        message: { dataType: DataType.LocalizedText, value: { text: message } },
        severity: { dataType: DataType.UInt16, value: severity },
        orderNumber: toVariant(library, 'Int64', orderNumber),
        temperature: toVariant(library, 'Double', temperature),
      })
    },
    setAlarm: (active) => input?.setValueFromSource(toVariant(library, 'Boolean', active)),
  }
}
