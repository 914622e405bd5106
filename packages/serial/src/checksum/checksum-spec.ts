import { oneOf, Type, type Static } from '@mapper-sdk/core/schema'
import { maybe, type SpecProblem } from '../schema-parts.ts'
import { crcCatalogue, type CrcName } from './crc-catalogue.ts'
import { sums, type SumName } from './sums.ts'

export type ChecksumName = CrcName | SumName

/** All checksums that have a name. */
export const checksumNames = [...Object.keys(crcCatalogue), ...Object.keys(sums)] as [
  ChecksumName,
  ...ChecksumName[],
]

const parameter = (description: string) =>
  maybe(Type.Integer({ minimum: 0, maximum: 0xffffffff, description }))

/** The properties of a checksum, for specs that say more about it. */
export const checksumProperties = {
  type: oneOf(['CRC', ...checksumNames], {
    description:
      "Which checksum: a name, or CRC with its parameters. BCC and XOR are the same. LRC is that of Modbus ASCII: the two's complement of the sum. Where a manual means the XOR of all bytes by LRC, it is XOR.",
  }),
  width: maybe(
    Type.Integer({ minimum: 8, maximum: 32, description: 'CRC: how many bits it has.' }),
  ),
  poly: parameter('CRC: the polynomial, without its highest bit and not reflected.'),
  init: parameter('CRC: the value before the first byte; default: 0'),
  xorout: parameter('CRC: what the result is combined with by XOR; default: 0'),
  refin: maybe(
    Type.Boolean({ default: false, description: 'CRC: the lowest bit of each byte goes first.' }),
  ),
  refout: maybe(
    Type.Boolean({ description: 'CRC: the result is turned round; default: as refin' }),
  ),
  order: maybe(
    oneOf(['big', 'little'], {
      description:
        'Which byte goes first, the highest (big) or the lowest (little); default: little for a reflected CRC in binary, big for all others',
    }),
  ),
  as: maybe(
    oneOf(['binary', 'hex', 'HEX'], {
      default: 'binary',
      description:
        'How it stands in the frame: as bytes, or as hexadecimal text in small or capital letters. Both kinds of letters are accepted.',
    }),
  ),
}

export const checksumSchema = Type.Object(checksumProperties, {
  additionalProperties: false,
  description: 'How a checksum is computed and written.',
})

/** How a checksum is computed and written. Plain data, as a configuration holds it. */
export type ChecksumSpec = Static<typeof checksumSchema>

const parameters = ['width', 'poly', 'init', 'xorout', 'refin', 'refout'] as const

/** What is wrong with a spec that passed the schema; undefined: nothing. */
export function checkChecksumSpec(spec: ChecksumSpec): SpecProblem | undefined {
  if (spec.type !== 'CRC') {
    const stray = parameters.find((key) => spec[key] !== undefined)
    if (stray === undefined) return undefined
    return { path: [stray], message: `belongs to type: CRC; ${spec.type} has its own parameters` }
  }
  const { width, poly } = spec
  if (width === undefined) return { path: ['width'], message: 'is missing; a CRC needs its width' }
  if (poly === undefined) return { path: ['poly'], message: 'is missing; a CRC needs it' }
  for (const key of ['poly', 'init', 'xorout'] as const) {
    if ((spec[key] ?? 0) >= 2 ** width) {
      return { path: [key], message: `has more than ${width} bits, the width of the CRC` }
    }
  }
  return undefined
}
