import {
  MapperError,
  queryWords,
  splitOnce,
  type CommandLine,
  type PropertyType,
} from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import { identify } from '../identify/identify.ts'
import { identityTexts } from './identity-texts.ts'
import { openTo, placeOf } from './reach.ts'

/**
 * How Modbus devices and places are named on a command line.
 *
 * A device: `192.0.2.7`, `192.0.2.7:1502`, `tcp://192.0.2.7:502?unit=3`, `/dev/ttyUSB0`,
 * `rtu:///dev/ttyUSB0?baudRate=19200&parity=even&unit=3`. The scheme is the `transport`.
 * A place: whatever `address` may be in a visitor.
 */
export const commandLine: CommandLine<ModbusProtocol, ModbusVisitor> = {
  protocol(text) {
    const [, scheme, rest = text] = /^([a-z][a-z0-9+-]*):\/\/(.*)$/is.exec(text) ?? []
    const [end = '', query] = splitOnce(rest, '?')
    if (end === '') throw wrong(text, 'names no host and no serial port')
    const transport = scheme === undefined ? {} : { transport: scheme.toLowerCase() }
    const place = end.startsWith('/') ? { path: end } : { address: end.replace(/\/$/, '') }
    return { ...transport, ...place, ...queryWords(query, text) }
  },
  visitor: (text) => ({ address: text }),
  valueType({ table, type, bit, bitNames }) {
    if (bitNames !== undefined) return 'STRING'
    const isBit = table === 'coil' || table === 'discrete' || bit !== undefined
    if (type === undefined) return isBit ? 'BOOLEAN' : undefined
    return valueTypes[type] ?? (type.startsWith('float') ? 'DOUBLE' : 'INT')
  },
  raw(visitor, protocol) {
    const { table, address, count } = placeOf(visitor, protocol)
    if (table === 'coil' || table === 'discrete') return undefined
    const whole = { type: 'bytes', length: count, byteOrder: 'big', wordOrder: 'big' } as const
    return { table, address, ...whole }
  },
  async identify(protocol, signal) {
    const { unit, timeoutMs } = protocol
    const link = await openTo(protocol, signal)
    try {
      return identityTexts(await identify(link, unit, { timeoutMs, signal }))
    } finally {
      await link.close()
    }
  },
}

const valueTypes: Readonly<Record<string, PropertyType>> = {
  bool: 'BOOLEAN',
  string: 'STRING',
  bytes: 'BYTES',
}

const wrong = (text: string, why: string) => new MapperError('invalid_config', `"${text}" ${why}`)
