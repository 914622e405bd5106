import { setTimeout as delay } from 'node:timers/promises'
import { MapperError } from '@mapper-sdk/core'
import type { CloudTwin, EdgeSimControl } from '@mapper-sdk/edge-sim'
import { readHoldingRegisters } from './read-registers.ts'

/** The way of one value up and of one down, and where to see it at the device. */
export interface RoundTrip {
  readonly device: string
  /** A property whose value moves by itself. */
  readonly moving: string
  /** A writable property, two values for it, and what they are in its register. */
  readonly setpoint: string
  readonly wishes: readonly { readonly desired: string; readonly register: number }[]
  readonly register: { readonly unit: number; readonly address: number }
}

export interface RoundTripOptions {
  readonly control: EdgeSimControl
  readonly simulator: { readonly host: string; readonly port: number }
  readonly trip: RoundTrip
  /** Takes one verified step. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  readonly withinMs: number
}

/** Makes the whole round trip and checks every step of it. Throws with the step that did not come. */
export async function makeRoundTrip(options: RoundTripOptions): Promise<void> {
  const { control, simulator, trip, say, signal, withinMs } = options
  const { device, moving, setpoint } = trip
  const started = performance.now()
  const step = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    const until = performance.now() + withinMs
    let trouble = ''
    while (performance.now() < until && !signal.aborted) {
      try {
        const seen = await look()
        if (seen !== undefined) return seen
        trouble = ''
      } catch (thrown) {
        trouble = `: ${MapperError.from(thrown).detail}`
      }
      await delay(100, undefined, { signal }).catch(() => undefined)
    }
    if (signal.aborted) throw new MapperError('canceled', `stopped before: ${what}`)
    throw new MapperError('timeout', `not within ${withinMs} ms: ${what}${trouble}`)
  }
  const passed = (line: string) => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    say(`ok ${seconds.padStart(5)} s  ${line}`)
  }
  const twin = async (property: string): Promise<CloudTwin | undefined> => {
    const found = (await control.cloud()).find(({ id }) => id === device)
    return found?.twins.find((each) => each.property === property)
  }
  const register = async () => {
    const [value] = await readHoldingRegisters({ ...simulator, ...trip.register, count: 1 })
    return value
  }

  const first = await step(
    `a reading of ${moving} in the cloud`,
    async () => (await twin(moving))?.reported || undefined,
  )
  passed(`reading in the cloud: ${device} ${moving} = ${first}`)
  const second = await step(`another reading of ${moving} in the cloud`, async () => {
    const reported = (await twin(moving))?.reported
    return reported === first ? undefined : reported
  })
  passed(`and it moves: ${moving} = ${second}`)

  const before = await step('the register, read past the mapper', register)
  passed(`register ${trip.register.address} of unit ${trip.register.unit} holds ${before}`)
  const wish = trip.wishes.find((each) => each.register !== before)
  if (wish === undefined) throw new MapperError('internal', 'no other value to wish for')

  await control.setDesired(device, setpoint, wish.desired)
  passed(`desired in the cloud: ${setpoint} = ${wish.desired}`)
  await step(`${wish.register} in the register`, async () =>
    (await register()) === wish.register ? true : undefined,
  )
  passed(`written: the register holds ${wish.register}, read past the mapper`)
  await step(`${setpoint} reported as ${wish.desired}, with observedDesired`, async () => {
    const seen = await twin(setpoint)
    return seen?.reported === wish.desired && seen.observedDesired === wish.desired
      ? true
      : undefined
  })
  passed(`read back and reported: ${setpoint} = ${wish.desired}, observedDesired ${wish.desired}`)
}
