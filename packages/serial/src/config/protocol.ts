import { filled, oneOf, Type, type Static } from '@mapper-sdk/core/schema'

export const transportNames = ['serial', 'tcp', 'udp'] as const
export type Transport = (typeof transportNames)[number]

const host = Type.String({
  pattern: '^[^\\s/@]+$',
  minLength: 1,
  maxLength: 253,
  description: 'TCP and UDP: host name or IP address of the device server.',
  examples: ['192.0.2.10'],
})

const path = Type.String({
  minLength: 1,
  maxLength: 4096,
  description: 'Serial line: the port, best by a name that stays.',
  examples: ['/dev/serial/by-id/usb-FTDI_FT232R-if00-port0'],
})

/** The rule is about a transport that is there; `normalize` sees to that. */
const given = { required: ['transport'] }

const asRecipe = (fallback: string) => `; default: as the recipe says, else ${fallback}`

/** `spec.protocol.configData` of a device on a line. */
export const protocolSchema = Type.Object(
  {
    recipe: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
        description:
          'Name of the recipe, which is a file in one of the folders for recipes, without .yaml.',
        examples: ['mt-sics-scale'],
      }),
    ),
    recipeText: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 262_144,
        description: 'The whole recipe, as YAML text, instead of its name.',
      }),
    ),
    params: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Union([Type.String({ maxLength: 256 }), Type.Number(), Type.Boolean()]),
        {
          description:
            'Settings of the recipe. Write each as a word of its own: every word that is not in this table is one.',
        },
      ),
    ),
    transport: filled(
      oneOf(transportNames, {
        default: 'serial',
        description: 'How the device is reached. Left out, it follows from host or path.',
      }),
    ),
    path: Type.Optional(path),
    host: Type.Optional(host),
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: 'TCP and UDP: port of the device server.',
        examples: [4001],
      }),
    ),
    localPort: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description:
          'UDP: port on the gateway that the device sends to; default: any free one, which the device answers to',
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
    baudRate: Type.Optional(
      Type.Integer({
        minimum: 50,
        maximum: 10_000_000,
        description: `Serial line: speed, in bit/s${asRecipe('9600')}`,
      }),
    ),
    dataBits: Type.Optional(
      oneOf([5, 6, 7, 8], {
        description: `Serial line: data bits of a character${asRecipe('8')}`,
      }),
    ),
    parity: Type.Optional(
      oneOf(['none', 'even', 'odd'], { description: `Serial line: parity${asRecipe('none')}` }),
    ),
    stopBits: Type.Optional(
      oneOf([1, 2], { description: `Serial line: stop bits of a character${asRecipe('1')}` }),
    ),
    flowControl: Type.Optional(
      oneOf(['none', 'hardware', 'software'], {
        description: `Serial line: how either end tells the other to wait, RTS/CTS or XON/XOFF${asRecipe('none')}`,
      }),
    ),
    rs485: Type.Optional(
      Type.Boolean({
        description: `Serial line: the serial driver switches the transmitter of a half-duplex line${asRecipe('no')}`,
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
    echo: filled(
      Type.Boolean({
        default: false,
        description:
          'The converter sends back what is sent, as half-duplex ones may. It is compared and taken out.',
      }),
    ),
    pauseMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 60_000,
        description: `Silence that the device needs before a request, in ms${asRecipe('0')}`,
      }),
    ),
  },
  {
    description: 'How to reach a device on a line, and what it speaks.',
    // An error names the field that is missing or wrong.
    allOf: [
      {
        if: { properties: { transport: { const: 'serial' } }, ...given },
        then: { required: ['path'], properties: { path } },
        else: { required: ['host', 'port'], properties: { host, port: {} } },
      },
    ],
  },
)

export type SerialProtocol = Static<typeof protocolSchema>
