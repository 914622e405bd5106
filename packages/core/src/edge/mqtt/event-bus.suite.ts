import { connectAsync } from 'mqtt'
import { onTestFinished } from 'vitest'
import type { Id } from '../../device.ts'
import type { Edge, EdgeEvents, EdgeLimits, TwinReport, TwinUpdate } from '../edge.ts'

/** A twin or state update as EdgeCore's eventBus gets it. */
export interface BusMessage {
  readonly device: Id
  readonly eventId: string
  readonly state: string | undefined
  readonly twin: Readonly<Record<string, BusTwin>>
}
interface BusTwin {
  readonly actual?: { readonly value: string }
  readonly expected?: { readonly value: string }
  readonly metadata?: unknown
}

/** `silent`: no answer; a refusal: of all of the message. */
export type BusAnswer = 'accept' | 'silent' | { code: number; reason: string }

/** EdgeCore at the broker, as far as a mapper can tell: answers what the script says, and keeps what it got. */
export async function startEventBus(url: string) {
  const client = await connectAsync(url, { reconnectPeriod: 50, clientId: '' })
  client.on('error', () => undefined)
  const got: BusMessage[] = []
  const bus = {
    got,
    script: (_message: BusMessage): BusAnswer => 'accept',
    say: (topic: string, payload: string | Buffer) =>
      client.publishAsync(topic, payload, { qos: 1 }).then(() => undefined),
    stop: () => client.endAsync(true),
  }
  onTestFinished(() => bus.stop())
  client.on('message', (topic, payload) => {
    const [, , , namespace, name, what] = topic.split('/')
    const body = JSON.parse(payload.toString()) as {
      event_id: string
      state?: string
      twin?: Record<string, BusTwin>
    }
    const message: BusMessage = {
      ...{ device: `${namespace}/${name}`, eventId: body.event_id },
      ...{ state: body.state, twin: body.twin ?? {} },
    }
    got.push(message)
    const answer = bus.script(message)
    if (answer === 'silent') return
    const base = { event_id: body.event_id, timestamp: Date.now() }
    const text = () => {
      if (typeof answer === 'object') return JSON.stringify({ ...base, ...answer })
      if (what === 'twin') return JSON.stringify({ ...base, twin: body.twin })
      // For a state EdgeCore makes an event id of its own.
      const device = { name, state: body.state, lastOnlineTime: '' }
      return JSON.stringify({ event_id: 'its-own', timestamp: Date.now(), device })
    }
    client.publish(`${topic}/result`, text(), { qos: 1 })
  })
  await client.subscribeAsync(
    ['$hw/events/device/+/+/twin/update', '$hw/events/device/+/+/state/update'],
    { qos: 1 },
  )
  return bus
}

/** Registering and DMI, there at once; keeps what is reported through it. */
export function createOtherWay() {
  const reports: TwinReport[] = []
  const states: string[] = []
  let events: EdgeEvents | undefined
  const limits: EdgeLimits = {
    ...{ callsPerSecond: 1, burst: 100, twinsPerSecond: 30, twinsPerCall: 1000 },
  }
  let closed = 0
  const edge: Edge = {
    limits,
    open: async (opened) => {
      events = opened
      opened.link(true)
      return {
        register: async () => ({ devices: [], models: [] }),
        reportTwins: async (report) => {
          reports.push(report)
          return 'accepted'
        },
        reportState: async (_, state) => {
          states.push(state)
          return 'accepted'
        },
        close: async () => void closed++,
      }
    },
  }
  const link = (up: boolean) => events?.link(up)
  return { edge, reports, states, link, closed: () => closed }
}

export const twinOf = (property: string, reported = '1', more: Partial<TwinUpdate> = {}) => ({
  ...{ property, reported, observedDesired: '', first: false },
  ...more,
})
