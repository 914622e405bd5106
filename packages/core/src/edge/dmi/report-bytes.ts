import {
  alphabetText,
  isLegalName,
  isLegalValue,
  longestName,
  longestValue,
} from '../../alphabet.ts'
import { splitId, type Id } from '../../device.ts'
import { MapperError } from '../../errors.ts'
import type { TwinReport, TwinUpdate } from '../edge.ts'

/*
 * The one message that carries data is written straight to bytes: a mapper does this for every
 * reading, and the way over message objects costs several times as much as reading the device.
 * A test holds the bytes against those of the generated code.
 */

// Field number << 3 | 2: all fields here are texts and messages, which have a length in front.
const requestDeviceName = 0x0a
const requestReportedDevice = 0x12
const requestDeviceNamespace = 0x1a
const statusTwins = 0x0a
const twinPropertyName = 0x0a
const twinObservedDesired = 0x12
const twinReported = 0x1a
const valueValue = 0x0a

/**
 * A ReportDeviceStatusRequest with all twins of one device. Both halves of a twin are always there: a
 * missing one crashes EdgeCore. Twins that the cloud has not seen yet stand a second time at the end,
 * because the cloud loses the first report of each.
 * Throws `bad_data` for what EdgeCore would drop silently, `internal` for no twins at all.
 */
export function encodeReport({ device, twins }: TwinReport): Buffer {
  if (twins.length === 0) throw new MapperError('internal', `a report of ${device} without twins`)
  const { namespace, name } = splitId(device)
  const listed = [...twins, ...twins.filter(({ first }) => first)]
  const sizes = listed.map((twin) => twinSize(device, twin))
  const statusSize = sizes.reduce((sum, size) => sum + fieldSize(size), 0)
  const [nameSize, namespaceSize] = [Buffer.byteLength(name), Buffer.byteLength(namespace)]
  const size = textSize(nameSize) + fieldSize(statusSize) + textSize(namespaceSize)

  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  const head = (tag: number, length: number) => {
    bytes[at++] = tag
    for (; length > 0x7f; length >>>= 7) bytes[at++] = (length & 0x7f) | 0x80
    bytes[at++] = length
  }
  const text = (tag: number, value: string, length: number, encoding: 'utf8' | 'latin1') => {
    if (length === 0) return
    head(tag, length)
    at += bytes.write(value, at, length, encoding)
  }
  // What has passed the alphabet is ASCII: its length in bytes is that of the text.
  const half = (tag: number, value: string) => {
    head(tag, textSize(value.length))
    text(valueValue, value, value.length, 'latin1')
  }

  text(requestDeviceName, name, nameSize, 'utf8')
  head(requestReportedDevice, statusSize)
  listed.forEach(({ property, reported, observedDesired }, index) => {
    head(statusTwins, sizes[index] ?? 0)
    text(twinPropertyName, property, property.length, 'latin1')
    half(twinObservedDesired, observedDesired)
    half(twinReported, reported)
  })
  text(requestDeviceNamespace, namespace, namespaceSize, 'utf8')
  return bytes
}

/** Of the bytes behind the twin's own length. Throws `bad_data` if EdgeCore would drop the twin. */
function twinSize(device: Id, { property, reported, observedDesired }: TwinUpdate): number {
  const place = () => `property ${JSON.stringify(property.slice(0, 140))} of ${device}`
  if (!isLegalName(property)) {
    throw new MapperError(
      'bad_data',
      `${place()} has a name that EdgeCore drops; it takes 1 to ${longestName} of ${alphabetText}`,
    )
  }
  for (const value of [reported, observedDesired]) {
    if (isLegalValue(value)) continue
    throw new MapperError(
      'bad_data',
      `${place()} has the value ${JSON.stringify(value.slice(0, 80))} (${value.length} characters), which EdgeCore drops; it takes up to ${longestValue} of ${alphabetText}`,
    )
  }
  return (
    textSize(property.length) +
    fieldSize(textSize(observedDesired.length)) +
    fieldSize(textSize(reported.length))
  )
}

/** Of a field with its tag and length. */
function fieldSize(length: number): number {
  let size = 2 + length
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) size++
  return size
}

/** Of a text field; an empty text is not written at all. */
const textSize = (length: number) => (length === 0 ? 0 : fieldSize(length))
