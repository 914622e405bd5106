import { wireName } from '@mapper-sdk/core/line'
import { createChecker } from '@mapper-sdk/core'
import { expect, it } from 'vitest'
import { endpointOf } from './endpoint.ts'
import { normalize } from './dialects.ts'
import { protocolSchema, type ModbusProtocol } from './protocol.ts'

const checker = createChecker(protocolSchema)

it('the settings of a serial line reach the port, levels of DTR and RTS only where they are given', () => {
  const endpoint = (more: Record<string, boolean | string>) => {
    const raw = { serialPort: '/dev/ttyS1', baudRate: 19_200, parity: 'E', ...more }
    const { value, issues } = checker.check(normalize(raw, 'protocol'), [])
    expect(issues).toEqual([])
    const found = endpointOf(value as ModbusProtocol)
    if (found.kind !== 'line') throw new Error('no line')
    return found.wire
  }
  const serial = { kind: 'serial', path: '/dev/ttyS1', baudRate: 19_200, dataBits: 8, stopBits: 1 }
  expect(endpoint({})).toEqual({ ...serial, parity: 'even', rs485: false })
  const wire = endpoint({ DTR: 'true', rts: false })
  expect(wire).toEqual({ ...serial, parity: 'even', rs485: false, dtr: true, rts: false })
  // Whoever wants other levels cannot share the line.
  expect(wireName(wire)).toBe('/dev/ttyS1 at 19200 8E1 DTR on RTS off')
  expect(wireName(endpoint({}))).toBe('/dev/ttyS1 at 19200 8E1')
})
