import { filled, oneOf, Type, type Static } from '@mapper-sdk/core/schema'

export const valueTypes = [
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float16',
  'float32',
  'float64',
  'bcd8',
  'bcd16',
  'bcd32',
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

/** A number as it is, or a text for what is better written as one. */
const numberOrText = (options: {
  readonly minimum: number
  readonly maximum: number
  readonly description: string
  readonly examples?: readonly (number | string)[]
}) => Type.Unsafe<number | string>({ type: ['integer', 'string'], ...options })

/** EdgeCore rounds larger numbers to a float32; a text arrives as it was written. */
const largestExact = 2 ** 24

/** `visitors.configData` of a property of a Modbus device. */
export const visitorSchema = Type.Object(
  {
    table: filled(
      oneOf(['coil', 'discrete', 'input', 'holding'], {
        default: 'holding',
        description:
          'Which of the four tables of the device. Follows from an address that names it.',
      }),
    ),
    address: numberOrText({
      minimum: 0,
      maximum: 65_535,
      description:
        'First register or bit, counted from 0 as on the wire. A text may also name the table, as "holding:100", or be a reference, as "40101", which counts from 1.',
      examples: [100],
    }),
    type: Type.Optional(
      oneOf(valueTypes, {
        description:
          'What is stored there. Left out: bool for a bit, else what the type of the property in its model suggests.',
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
    byte: Type.Optional(
      oneOf(['high', 'low'], {
        description:
          'int8, uint8 and bcd8: which byte of the register, low if left out. string: one byte a register, and which; left out: both.',
      }),
    ),
    bit: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 15,
        description: 'bool in a register: which bit, 0 is the lowest.',
        examples: [3],
      }),
    ),
    bits: Type.Optional(
      Type.String({
        maxLength: 16,
        description:
          'Integers of 16 bits and more: only these bits, as lowest-highest. An int takes the highest of them for the sign.',
        examples: ['4-7'],
      }),
    ),
    mask: Type.Optional(
      numberOrText({
        minimum: 1,
        maximum: largestExact,
        description:
          'Integers of 16 bits and more: only the bits that are set here, as a number up to 16777216 or a text such as "0x0FF0".',
        examples: ['0x0FF0'],
      }),
    ),
    shift: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 63,
        description:
          'Integers of 16 bits and more: moved down by this many bits, after the mask. The bits below are not part of the value.',
        examples: [4],
      }),
    ),
    fractionBits: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 63,
        description:
          'Integers: how many of the bits are behind the binary point. 8: the value is the integer ÷ 256. For decimal places use scale.',
        examples: [8],
      }),
    ),
    scaleFactorAddress: Type.Optional(
      numberOrText({
        minimum: 0,
        maximum: 65_535,
        description:
          'Integers: where, in the same table, an int16 says by which power of ten to multiply (SunSpec sunssf). Written like address. It is read in the same request.',
        examples: [84],
      }),
    ),
    noValue: Type.Optional(
      numberOrText({
        minimum: -largestExact,
        maximum: largestExact,
        description:
          'What the device holds where it has no value: sunspec, or numbers separated by commas (hexadecimal: the bits as they are; floats also nan). It is never reported.',
        examples: ['sunspec'],
      }),
    ),
    bitNames: Type.Optional(
      Type.String({
        minLength: 3,
        maxLength: 4096,
        description:
          'Unsigned integers: a text with the names of the bits that are set, joined by commas. A set bit without a name is called bit7, no bit at all is called none.',
        examples: ['0=fault,1=running'],
      }),
    ),
    encoding: Type.Optional(
      oneOf(['utf-8', 'latin1', 'ascii'], {
        description: 'string: how characters are bytes; default utf-8',
      }),
    ),
    padding: Type.Optional(
      oneOf(['nul', 'space'], {
        description: 'string: what a written text is filled up with; default nul',
      }),
    ),
    trim: Type.Optional(
      oneOf(['end', 'both', 'none'], {
        description:
          'string: where spaces are taken off. A text always ends at the first NUL; default end',
      }),
    ),
  },
  {
    description: 'Where a property is in a Modbus device, and how it is stored.',
    if: { properties: { type: { enum: ['string', 'bytes'] } }, required: ['type'] },
    then: { required: ['length'], properties: { length } },
  },
)

/**
 * Where a property is in a Modbus device, checked and with all defaults. An address is a number, or a
 * text that could not be read: compiling the visitor says why.
 */
export type ModbusVisitor = Static<typeof visitorSchema>
