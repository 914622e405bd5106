import { filled, oneOf, Type, type Static } from '@mapper-sdk/core/schema'
import { protectedPattern } from './protected-ranges.ts'
import { isLine, transportNames, transports, type Transport } from './transports.ts'

const host = Type.String({
  pattern: '^[^\\s/@]+$',
  minLength: 1,
  maxLength: 253,
  description: 'TCP and UDP: host name or IP address.',
  examples: ['192.0.2.10'],
})

const path = Type.String({
  minLength: 1,
  maxLength: 4096,
  description: 'Serial line: the port, best by a name that stays.',
  examples: ['/dev/serial/by-id/usb-FTDI_FT232R-if00-port0'],
})

/** A file on the gateway. */
const file = (description: string) =>
  Type.Optional(Type.String({ pattern: '^/', maxLength: 4096, description }))

const named = (fits: (way: (typeof transports)[Transport]) => boolean) =>
  transportNames.filter((name) => fits(transports[name]))
/** The rule is about a transport that is there; `normalize` sees to that. */
const given = { required: ['transport'] }

/** Options that mean nothing, and so must not seem to mean something, where there is no TLS. */
const ofTls = ['caFile', 'certFile', 'keyFile', 'serverName', 'serverFingerprint'] as const

/** `spec.protocol.configData` of a Modbus device. */
export const protocolSchema = Type.Object(
  {
    transport: filled(
      oneOf(transportNames, {
        default: 'tcp',
        description: 'How the device is reached. Left out, it follows from host or path.',
      }),
    ),
    host: Type.Optional(host),
    port: filled(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        default: 502,
        description: 'TCP and UDP: port. With TLS 802 if left out.',
      }),
    ),
    tls: Type.Optional(
      Type.Boolean({
        default: false,
        description: "TCP: Modbus/TCP Security. The server's certificate is always checked.",
      }),
    ),
    caFile: file(
      "TLS: certificates (PEM) that may have signed the server's; default: those that Node.js knows",
    ),
    certFile: file('TLS: certificate (PEM) that the mapper shows to the server.'),
    keyFile: file('TLS: private key (PEM) of certFile, readable by the mapper alone.'),
    serverName: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 253,
        description: "TLS: name that the server's certificate has to bear; default: the host",
      }),
    ),
    serverFingerprint: Type.Optional(
      Type.String({
        pattern: '^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$',
        description:
          'TLS: SHA-256 of the one certificate that is accepted, also if nobody else signed it.',
        examples: ['9F:86:D0:81:…'],
      }),
    ),
    path: Type.Optional(path),
    baudRate: filled(
      Type.Integer({
        minimum: 50,
        maximum: 4_000_000,
        default: 9600,
        description: 'Serial line: speed, in bit/s.',
      }),
    ),
    dataBits: filled(
      oneOf([7, 8], {
        default: 8,
        description: 'Serial line: data bits of a character. With ASCII 7 if left out.',
      }),
    ),
    stopBits: filled(
      oneOf([1, 2], { default: 1, description: 'Serial line: stop bits of a character.' }),
    ),
    parity: filled(
      oneOf(['none', 'even', 'odd'], {
        default: 'none',
        description:
          'Serial line: parity. Modbus itself suggests even; most devices are shipped with none.',
      }),
    ),
    rs485: filled(
      Type.Boolean({
        default: false,
        description:
          'Serial line: the serial driver switches the transmitter of a half-duplex line.',
      }),
    ),
    dtr: Type.Optional(
      Type.Boolean({
        description:
          'Serial line: the level of DTR while the port is open, which feeds some converters; default: as the system sets it',
      }),
    ),
    rts: Type.Optional(
      Type.Boolean({
        description:
          'Serial line: the level of RTS while the port is open, unless rs485 switches it; default: as the system sets it',
      }),
    ),
    unit: filled(
      Type.Integer({
        minimum: 0,
        maximum: 255,
        default: 1,
        description:
          'Unit (slave) id. With RTU and ASCII 1…247. 0 and 255 are the device itself on TCP and UDP.',
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
        description: 'TCP and UDP: how long connecting may take, in ms.',
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
    readProtected: Type.Optional(
      Type.String({
        maxLength: 4096,
        pattern: protectedPattern,
        description:
          'Registers that no request may read along. A property that lies there is still read, alone.',
        examples: ['holding:100-109, input:5'],
      }),
    ),
    maxInFlight: filled(
      Type.Integer({
        minimum: 1,
        maximum: 16,
        default: 16,
        description:
          'TCP and UDP: the most requests on the way at once. How many the device bears is found out; 1 never tries.',
      }),
    ),
    requestDelayMs: filled(
      Type.Integer({
        minimum: 0,
        maximum: 60_000,
        default: 0,
        description: 'Pause between two requests, for devices that need one, in ms.',
      }),
    ),
    pauseAfterConnectMs: filled(
      Type.Integer({
        minimum: 0,
        maximum: 60_000,
        default: 0,
        description: 'TCP: pause between connecting and the first request, in ms.',
      }),
    ),
    reconnectEachCycle: filled(
      Type.Boolean({
        default: false,
        description:
          'TCP: connect anew for each read or write, for devices that do not bear a lasting connection.',
      }),
    ),
    writeFunction: filled(
      oneOf(['auto', 'single', 'multiple', 'read-write'], {
        default: 'auto',
        description:
          'Which functions write. auto: 5 and 6 for one coil or register, 15 and 16 for neighbours together.',
      }),
    ),
    writeBits: filled(
      oneOf(['auto', 'mask', 'rewrite'], {
        default: 'auto',
        description:
          'How bits of a register are written. mask: function 22. rewrite: read, change, write. auto: 22 if the device knows it.',
      }),
    ),
    identify: filled(
      Type.Boolean({
        default: false,
        description:
          'Ask the device once what it is, and log it. Some devices do not bear functions that they do not know.',
      }),
    ),
  },
  {
    description: 'How to reach a Modbus device.',
    dependentRequired: { certFile: ['keyFile'], keyFile: ['certFile'] },
    // The places where fields depend on each other; an error names the field that is missing or wrong.
    allOf: [
      {
        if: { properties: { transport: { enum: named(({ by }) => by === 'serial') } }, ...given },
        then: { required: ['path'], properties: { path } },
        else: { required: ['host'], properties: { host } },
      },
      {
        if: { properties: { transport: { enum: transportNames.filter(isLine) } }, ...given },
        then: { properties: { unit: { type: 'integer', minimum: 1, maximum: 247 } } },
      },
      {
        if: { properties: { transport: { const: 'rtu' } }, ...given },
        then: { properties: { dataBits: { const: 8, description: 'RTU knows no others' } } },
      },
      {
        if: { anyOf: ofTls.map((option) => ({ required: [option] })) },
        then: {
          required: ['tls'],
          properties: { tls: { const: true, description: `Needed with ${ofTls.join(', ')}` } },
        },
      },
      {
        if: { properties: { tls: { const: true } }, required: ['tls'] },
        then: { properties: { transport: { const: 'tcp', description: 'TLS is for TCP only' } } },
      },
    ],
  },
)

/** How to reach a Modbus device, checked and with all defaults. */
export type ModbusProtocol = Static<typeof protocolSchema>
