import { Type, type Static } from '@mapper-sdk/core/schema'
import { filled, oneOf } from './schema-parts.ts'

export const valueTypes = [
  'bool',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
  'string',
  'bytes',
] as const

export type ValueType = (typeof valueTypes)[number]

const length = Type.Integer({
  minimum: 1,
  maximum: 125,
  description: 'string and bytes: how many registers, of two bytes each.',
  examples: [8],
})

/** `visitors.configData` of a property of a Modbus device. */
export const visitorSchema = Type.Object(
  {
    table: filled(
      oneOf(['coil', 'discrete', 'input', 'holding'], {
        default: 'holding',
        description: 'Which of the four tables of the device.',
      }),
    ),
    address: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description: 'First register or bit, counted from 0 as on the wire (40001 is holding 0).',
    }),
    type: Type.Optional(
      oneOf(valueTypes, {
        description:
          'What is stored there. Left out: what the type of the property in its model suggests.',
      }),
    ),
    length: Type.Optional(length),
    byteOrder: filled(
      oneOf(['big', 'little'], {
        default: 'big',
        description: 'Order of the two bytes of a register.',
      }),
    ),
    wordOrder: filled(
      oneOf(['big', 'little'], {
        default: 'big',
        description: 'Order of the registers of a value; little: the lowest comes first.',
      }),
    ),
    bit: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 15,
        description: 'bool in a register: which bit, 0 is the lowest. Such a bit is read only.',
      }),
    ),
  },
  {
    description: 'Where a property is in a Modbus device, and how it is stored.',
    if: { properties: { type: { enum: ['string', 'bytes'] } }, required: ['type'] },
    then: { required: ['length'], properties: { length } },
  },
)

/** Where a property is in a Modbus device, checked and with all defaults. */
export type ModbusVisitor = Static<typeof visitorSchema>
