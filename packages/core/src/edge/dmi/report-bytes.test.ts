import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLegalName, isLegalValue } from '../../alphabet.ts'
import type { TwinUpdate } from '../edge.ts'
import { ReportDeviceStatusRequestSchema } from './gen/dmi_pb.ts'
import { encodeReport } from './report-bytes.ts'

const alphabet = 'ABCXYZabcxyz0189-_.,:/@#'
const text = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength })
const twin: fc.Arbitrary<TwinUpdate> = fc.record({
  property: text(1, 128),
  reported: text(0, 512),
  observedDesired: text(0, 512),
  first: fc.boolean(),
})

/** Whether a field of this number with a message in it stands in the bytes of a message. */
function fieldNumbers(message: Uint8Array): number[] {
  const numbers: number[] = []
  for (let at = 0; at < message.length;) {
    numbers.push((message[at] ?? 0) >> 3)
    let length = 0
    let shift = 0
    let byte: number
    do {
      byte = message[++at] ?? 0
      length += (byte & 0x7f) << shift
      shift += 7
    } while (byte >= 0x80)
    at += 1 + length
  }
  return numbers
}

describe('a report', () => {
  test('on the wire every twin has both halves, and the new ones stand a second time at the end', () => {
    fc.assert(
      fc.property(fc.array(twin, { minLength: 1, maxLength: 20 }), (twins) => {
        const bytes = encodeReport({ device: 'ns/name', twins })
        const sent = fromBinary(ReportDeviceStatusRequestSchema, bytes)
        expect([sent.deviceNamespace, sent.deviceName]).toEqual(['ns', 'name'])
        const listed = sent.reportedDevice?.twins ?? []
        const expected = [...twins, ...twins.filter(({ first }) => first)]
        expect(listed).toHaveLength(expected.length)
        for (const [index, update] of expected.entries()) {
          const actual = listed[index]
          expect(actual?.propertyName).toBe(update.property)
          expect(actual?.observedDesired?.value).toBe(update.observedDesired)
          expect(actual?.reported?.value).toBe(update.reported)
        }
      }),
    )
  })

  test('its bytes are those of the generated code', () => {
    const name = fc.string({ minLength: 1, maxLength: 200 }).filter((one) => !one.includes('/'))
    fc.assert(
      fc.property(
        fc.array(twin, { minLength: 1, maxLength: 20 }),
        name,
        name,
        (twins, ns, device) => {
          const message = create(ReportDeviceStatusRequestSchema, {
            deviceName: device,
            deviceNamespace: ns,
            reportedDevice: {
              twins: [...twins, ...twins.filter(({ first }) => first)].map((one) => ({
                propertyName: one.property,
                observedDesired: { value: one.observedDesired },
                reported: { value: one.reported },
              })),
            },
          })
          const expected = toBinary(ReportDeviceStatusRequestSchema, message)
          expect(encodeReport({ device: `${ns}/${device}`, twins }).equals(expected)).toBe(true)
        },
      ),
    )
  })

  test('an empty half is still there', () => {
    const twins = [{ property: 'p', reported: '', observedDesired: '', first: false }]
    const bytes = encodeReport({ device: 'a/b', twins })
    const at = bytes.indexOf(Buffer.from([0x0a, 1, 0x70]))
    expect(fieldNumbers(bytes.subarray(at, at + 7))).toEqual([1, 2, 3])
  })

  test('no twins at all is a bug of the caller', () => {
    expect(() => encodeReport({ device: 'a/b', twins: [] })).toThrow(/^\[internal\]/)
  })

  test('nothing outside of the alphabet leaves', () => {
    const base = { property: 'p', reported: '1', observedDesired: '', first: false }
    const bad = ['a b', '1e+21', 'x=', '100%', 'süd', '{}', '"', 'a\n', 'a'.repeat(513), '\u0000']
    for (const value of bad) {
      for (const half of ['reported', 'observedDesired', 'property']) {
        const twins = [{ ...base, [half]: value }]
        expect(() => encodeReport({ device: 'a/b', twins })).toThrow(/^\[bad_data\].*a\/b/)
      }
    }
    const long = [{ ...base, property: 'a'.repeat(129) }]
    expect(() => encodeReport({ device: 'a/b', twins: long })).toThrow(/1 to 128/)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const allowed = [...value].every((character) =>
          /[A-Za-z0-9]/.test(character) ? true : '-_.,:/@#'.includes(character),
        )
        expect(isLegalValue(value)).toBe(allowed)
        expect(isLegalName(value)).toBe(allowed && value !== '')
      }),
    )
  })
})
