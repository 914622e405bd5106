import type { CloudDevice } from '@mapper-sdk/edge-sim'
import { jsonObject } from './child-process.ts'

export interface Picture {
  readonly title: string
  readonly devices: readonly CloudDevice[]
  readonly findings: readonly string[]
  readonly log: readonly string[]
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The devices as a table: one line per device, one per twin with value, age and desired value. Pure. */
export function renderTable(picture: Picture, width: number, height: number): readonly string[] {
  const { title, devices, findings, log, now } = picture
  const names = devices.flatMap(({ twins }) => twins.map(({ property }) => property.length))
  const column = Math.min(Math.max(12, ...names), 32)
  const table = devices.flatMap(({ id, protocolName, state, twins }) => [
    `${id}  ${protocolName}  ${state ?? '(no state yet)'}`,
    ...twins.map((twin) => {
      const reported = twin.reported ?? '—'
      const age = twin.atMs === undefined ? '' : ageText(now - twin.atMs)
      return `  ${twin.property.padEnd(column)} ${reported.padEnd(20)} ${age.padStart(7)}  ${desiredText(twin)}`
    }),
  ])
  const shownLog = log.slice(-Math.min(6, Math.max(0, height - 4)))
  const shownFindings = findings.slice(0, 5)
  const tail = [
    ...(shownFindings.length > 0 ? ['', ...shownFindings] : []),
    ...(shownLog.length > 0 ? ['', ...shownLog] : []),
  ]
  const room = Math.max(1, height - tail.length - 2)
  const body =
    table.length <= room
      ? table
      : [...table.slice(0, room - 1), `… ${table.length - room + 1} more lines`]
  return [title, '', ...body, ...tail].slice(0, height).map((line) => cut(line, width))
}

function desiredText({ desired, reported, observedDesired }: CloudDevice['twins'][number]): string {
  if (desired === '') return ''
  if (observedDesired === desired) return reported === desired ? '' : `desired ${desired}, taken`
  return `desired ${desired}, on its way`
}

function ageText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`
}

/** Cut to the width, and free of what could move the cursor. */
function cut(line: string, width: number): string {
  const plain = harmless(line)
  return plain.length <= width ? plain : `${plain.slice(0, Math.max(0, width - 1))}…`
}

/** A line without what a terminal would obey: names and values come from strangers. Pure. */
export const harmless = (line: string): string =>
  line.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '·')

/** What changed from one look at the cloud to the next, one line each. Pure. */
export function changes(
  before: readonly CloudDevice[],
  after: readonly CloudDevice[],
): readonly string[] {
  const known = new Map(before.map((device) => [device.id, device]))
  const lines: string[] = []
  for (const device of after) {
    const old = known.get(device.id)
    known.delete(device.id)
    if (old === undefined || old.state !== device.state) {
      lines.push(`${device.id} is ${device.state ?? 'there, without a state yet'}`)
    }
    const twins = new Map(old?.twins.map((twin) => [twin.property, twin]))
    for (const { property, reported, desired, observedDesired } of device.twins) {
      const twin = twins.get(property)
      if (reported !== undefined && twin?.reported !== reported) {
        lines.push(`${device.id} ${property} = ${reported}`)
      }
      if (desired !== (twin?.desired ?? ''))
        lines.push(`${device.id} ${property} desired ${desired}`)
      if (desired !== '' && observedDesired === desired && twin?.observedDesired !== desired) {
        lines.push(`${device.id} ${property} desired ${desired} taken`)
      }
    }
  }
  return [...lines, ...[...known.keys()].map((id) => `${id} is gone`)]
}

/** Fields of a log line that are shown elsewhere, or say nothing to people. */
const quiet = new Set(['level', 'time', 'msg', 'mapper', 'namespace', 'device', 'property', 'err'])

/** A line of a child's log for people: of JSON, what it is about, the message and the other fields. Pure. */
export function logLine(line: string, child: string): string {
  const entry = jsonObject(line)
  if (typeof entry?.['msg'] !== 'string') return `${child}: ${line}`
  const { level, msg, device, property, path, err } = entry
  const rest = Object.entries(entry)
    .filter(([key, value]) => !quiet.has(key) && key !== 'path' && isShort(value))
    .map(([key, value]) => `${key}=${String(value)}`)
  const cause = (err as { message?: unknown } | null | undefined)?.message
  const about = [device, property, path].filter((part) => typeof part === 'string').join(' ')
  const more = [...(typeof cause === 'string' ? [cause] : []), ...rest].join(', ')
  return [
    `${child}: ${typeof level === 'string' ? level : 'info'}:`,
    ...(about === '' ? [] : [`${about}:`]),
    msg,
    ...(more === '' ? [] : [`(${more})`]),
  ].join(' ')
}

const isShort = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)
