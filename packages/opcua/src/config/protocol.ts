import { filled, oneOf, Type, type Static } from '@mapper-sdk/core/schema'

/** A file on the gateway. */
const file = (description: string) =>
  Type.Optional(Type.String({ pattern: '^/', maxLength: 4096, description }))

/** From the weakest to the strongest; the first two are broken and never chosen by `auto`. */
export const securityPolicies = [
  'None',
  'Basic128Rsa15',
  'Basic256',
  'Basic256Sha256',
  'Aes128_Sha256_RsaOaep',
  'Aes256_Sha256_RsaPss',
] as const
export type SecurityPolicy = (typeof securityPolicies)[number]

export const securityModes = ['None', 'Sign', 'SignAndEncrypt'] as const
export type SecurityMode = (typeof securityModes)[number]

/** `spec.protocol.configData` of an OPC UA device. */
export const protocolSchema = Type.Object(
  {
    url: Type.String({
      pattern: '^opc\\.tcp://[^\\s,]+$',
      maxLength: 4096,
      description: 'The server.',
      examples: ['opc.tcp://192.0.2.10:4840'],
    }),
    backupUrls: Type.Optional(
      Type.String({
        pattern: '^opc\\.tcp://[^\\s,]+(\\s*,\\s*opc\\.tcp://[^\\s,]+)*$',
        maxLength: 4096,
        description:
          'Servers with the same nodes, with commas between them. They are tried in this order while the first is away.',
        examples: ['opc.tcp://192.0.2.11:4840'],
      }),
    ),
    endpointAddress: filled(
      oneOf(['written', 'advertised'], {
        default: 'written',
        description:
          'Connect to the address written in `url` (right behind NAT and for containers) or to the one the server advertises.',
      }),
    ),
    securityPolicy: filled(
      oneOf(['auto', ...securityPolicies], {
        default: 'None',
        description:
          'How messages are secured. auto: the strongest that the server offers, never None. Basic128Rsa15 and Basic256 are broken.',
      }),
    ),
    securityMode: filled(
      oneOf(['auto', ...securityModes], {
        default: 'auto',
        description:
          'What is done to messages. auto: the strongest that the server offers with the policy.',
      }),
    ),
    userName: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1024, description: 'User to log in as.' }),
    ),
    password: Type.Optional(
      Type.String({
        maxLength: 4096,
        description: 'Password of the user, or the path of a file that holds it.',
      }),
    ),
    passwordFile: file(
      'File that holds the password of the user; a line end after it is left out.',
    ),
    userCertificateFile: file('Certificate (PEM or DER) to log in with instead of a user name.'),
    userKeyFile: file('Private key (PEM) of userCertificateFile, readable by the mapper alone.'),
    certificateFile: file(
      "The mapper's own certificate (PEM or DER). Left out, one is made in the PKI folder and renewed in time.",
    ),
    keyFile: file('Private key (PEM) of certificateFile, readable by the mapper alone.'),
    serverCertificateFile: file(
      'The one certificate (PEM or DER) that is accepted of the server, besides those trusted in the PKI folder.',
    ),
    pkiFolder: file(
      "Folder of the mapper's own and of trusted certificates. Left out: `opcua-pki` in `state_dir`.",
    ),
    applicationUri: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z][A-Za-z0-9+.-]*:[^\\s]+$',
        maxLength: 1024,
        description: 'Name of the mapper as an application; it stands in its certificate.',
        examples: ['urn:gateway-7:kubeedge-mapper'],
      }),
    ),
    timeoutMs: filled(
      Type.Integer({
        minimum: 1,
        maximum: 600_000,
        default: 5000,
        description: 'How long the server may take to answer one request, in ms.',
      }),
    ),
    sessionTimeoutMs: filled(
      Type.Integer({
        minimum: 1000,
        maximum: 86_400_000,
        default: 60_000,
        description:
          'How long the server keeps a session whose client is away, in ms. For as long an interrupted session is resumed.',
      }),
    ),
    subscribe: filled(
      Type.Boolean({
        default: true,
        description: 'Let the server tell changes. false: read all nodes in each collectCycle.',
      }),
    ),
    publishingIntervalMs: filled(
      Type.Integer({
        minimum: 0,
        maximum: 86_400_000,
        default: 0,
        description:
          'How often the server sends collected changes, in ms. 0: as often as the collectCycle of the properties.',
      }),
    ),
    timestamps: filled(
      oneOf(['source', 'server', 'local'], {
        default: 'source',
        description:
          'Whose clock tells when a value was true. local: the mapper takes its own, for servers without a right clock.',
      }),
    ),
    maxNodesPerRequest: filled(
      Type.Integer({
        minimum: 1,
        maximum: 100_000,
        default: 1000,
        description: 'The most nodes in one request. The limits that the server names come first.',
      }),
    ),
  },
  {
    description: 'How to reach an OPC UA server.',
    dependentRequired: {
      certificateFile: ['keyFile'],
      keyFile: ['certificateFile'],
      userCertificateFile: ['userKeyFile'],
      userKeyFile: ['userCertificateFile'],
      password: ['userName'],
      passwordFile: ['userName'],
    },
  },
)
export type OpcuaProtocol = Static<typeof protocolSchema>
