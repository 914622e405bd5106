import { Type, type Static, type TSchema } from 'typebox'

/** May be left out in a configuration; the default is there once the configuration was checked. */
const filled = <T extends TSchema>(schema: T): T => Type.Optional(schema)

const oneOf = <const T extends string | number>(
  values: readonly [T, ...T[]],
  options: { readonly description: string; readonly default?: T },
) => {
  const type = typeof values[0] === 'number' ? 'integer' : 'string'
  return Type.Unsafe<T>({ type, enum: values, ...options })
}

const host = Type.String({
  minLength: 1,
  maxLength: 253,
  description: 'TCP: host name or IP address.',
  examples: ['192.0.2.10'],
})

const path = Type.String({
  minLength: 1,
  maxLength: 4096,
  description: 'RTU: the serial port, best by a name that stays.',
  examples: ['/dev/serial/by-id/usb-FTDI_FT232R-if00-port0'],
})

/** `spec.protocol.configData` of a Modbus device. */
export const protocolSchema = Type.Object(
  {
    transport: filled(
      oneOf(['tcp', 'rtu'], {
        default: 'tcp',
        description: 'Modbus TCP, or Modbus RTU on a serial line. Follows from host or path.',
      }),
    ),
    host: Type.Optional(host),
    port: filled(
      Type.Integer({ minimum: 1, maximum: 65_535, default: 502, description: 'TCP: port.' }),
    ),
    path: Type.Optional(path),
    baudRate: filled(
      Type.Integer({
        minimum: 50,
        maximum: 4_000_000,
        default: 9600,
        description: 'RTU: speed of the line, in bit/s.',
      }),
    ),
    dataBits: filled(
      oneOf([8], {
        default: 8,
        description: 'RTU: data bits of a character; RTU knows no others.',
      }),
    ),
    stopBits: filled(oneOf([1, 2], { default: 1, description: 'RTU: stop bits of a character.' })),
    parity: filled(
      oneOf(['none', 'even', 'odd'], {
        default: 'none',
        description:
          'RTU: parity. Modbus itself suggests even; most devices are shipped with none.',
      }),
    ),
    rs485: filled(
      Type.Boolean({
        default: false,
        description: 'RTU: the serial driver switches the transmitter of a half-duplex line.',
      }),
    ),
    unit: filled(
      Type.Integer({
        minimum: 0,
        maximum: 255,
        default: 1,
        description:
          'Unit (slave) id. On a serial line 1…247; 0 is broadcast there and cannot be read.',
      }),
    ),
    timeoutMs: filled(
      Type.Integer({
        minimum: 1,
        maximum: 600_000,
        default: 1000,
        description: 'How long one request may stay without an answer, in ms.',
      }),
    ),
    connectTimeoutMs: filled(
      Type.Integer({
        minimum: 1,
        maximum: 600_000,
        default: 3000,
        description: 'TCP: how long connecting may take, in ms.',
      }),
    ),
    maxRegistersPerRequest: filled(
      Type.Integer({
        minimum: 1,
        maximum: 125,
        default: 125,
        description: 'The most registers the device answers in one request.',
      }),
    ),
    maxBitsPerRequest: filled(
      Type.Integer({
        minimum: 1,
        maximum: 2000,
        default: 2000,
        description: 'The most coils or discrete inputs the device answers in one request.',
      }),
    ),
    maxGap: filled(
      Type.Integer({
        minimum: 0,
        maximum: 124,
        default: 16,
        description:
          'The most unused registers read along to save a request (16 coils count as one). 0: none.',
      }),
    ),
    maxInFlight: filled(
      Type.Integer({
        minimum: 1,
        maximum: 16,
        default: 1,
        description:
          'TCP: requests on the way at once. More than 1 is faster where the device can.',
      }),
    ),
    writeMultiple: filled(
      Type.Boolean({
        default: false,
        description: 'Always write with functions 15 and 16, never with 5 and 6.',
      }),
    ),
  },
  {
    description: 'How to reach a Modbus device.',
    // One place where fields depend on each other; the error names the field that is missing.
    if: { properties: { transport: { const: 'rtu' } }, required: ['transport'] },
    then: {
      required: ['path'],
      properties: { path, unit: { type: 'integer', minimum: 1, maximum: 247 } },
    },
    else: { required: ['host'], properties: { host } },
  },
)

/** How to reach a Modbus device, checked and with all defaults. */
export type ModbusProtocol = Static<typeof protocolSchema>

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
