import { MapperError, type Connection, type Driver, type Memory } from '@mapper-sdk/core'
import { endpointOf, keyOf, nameOf } from './config/endpoint.ts'
import { protocolSchema, type ModbusProtocol } from './config/protocol.ts'
import { visitorSchema, type ModbusVisitor } from './config/visitor.ts'
import { normalize } from './config/dialects.ts'
import { transports } from './config/transports.ts'
import { checkVisitor } from './data/compile.ts'
import { identifyOnce } from './identify/identify-once.ts'
import { adaptiveLink, type AdaptiveLink } from './link/adaptive-link.ts'
import type { InFlight } from './link/depth.ts'
import { linkUse } from './link/link-use.ts'
import { openLink } from './link/open-link.ts'
import type { Shape } from './read/knowledge.ts'
import { learnerOf } from './read/learner.ts'
import type { LineLoad } from './read/line.ts'
import { watchLoad } from './read/load-watch.ts'
import { patienceOf } from './read/patience.ts'
import { createReadPlan, type ReadPlan } from './read/read-plan.ts'
import { runReadPlan } from './read/reader.ts'
import { lessonsOf } from './write/lessons.ts'
import { runWrites } from './write/writer.ts'

/**
 * Modbus over TCP, TLS, UDP and serial lines. Reads what lies close together with as few requests as
 * possible; a range that the device refuses fails alone. Devices on one gateway or line share it.
 */
export const modbusDriver: Driver<ModbusProtocol, ModbusVisitor> = {
  protocolName: 'modbus',
  protocolSchema,
  visitorSchema,
  normalize,
  check: checkVisitor,
  connectionKey: (protocol) => keyOf(endpointOf(protocol)),
  async connect(protocol, context) {
    const { signal, logger, memory } = context
    const inFlight = kept<InFlight>(memory, 'in flight')
    const overloaded = kept<boolean>(memory, 'overloaded')
    const connect = async (until: AbortSignal): Promise<AdaptiveLink> =>
      adaptiveLink(await openLink(protocol, { ...context, signal: until }), inFlight)
    const use = linkUse(await connect(signal), connect)
    const wishesOf = ({ maxInFlight, requestDelayMs, reconnectEachCycle }: ModbusProtocol) => ({
      maxInFlight,
      requestDelayMs,
      reconnectEachCycle: reconnectEachCycle && transports[protocol.transport].by === 'tcp',
    })
    logger.debug({ link: nameOf(endpointOf(protocol)) }, 'Modbus link open')
    const plans = new WeakMap<readonly ModbusVisitor[], ReadPlan>()
    const load = watchLoad(protocol, overloaded, (need) =>
      logger.warn({ ...need }, tooMuch(protocol, need)),
    )

    const units = new Map<number, ReturnType<typeof unitOf>>()
    const knownOf = (unit: number) => {
      const known = units.get(unit) ?? unitOf(unit, memory)
      units.set(unit, known)
      return known
    }

    const planFor = (visitors: readonly ModbusVisitor[], theirs: ModbusProtocol, shape: Shape) => {
      const last = plans.get(visitors)
      if (last?.protocol === theirs && last.shape === shape) return last
      const plan = createReadPlan(visitors, theirs, shape)
      plans.set(visitors, plan)
      return plan
    }

    const connection: Connection<ModbusProtocol, ModbusVisitor> = {
      get parallel() {
        return use.parallel
      },
      writesOvertake: true,
      async read(theirs, visitors, callSignal, everyMs) {
        const error = conflict(protocol, theirs)
        if (error !== undefined) return visitors.map(() => ({ ok: false, error }))
        return use.run(wishesOf(theirs), callSignal, async (link) => {
          const { learner, patience } = knownOf(theirs.unit)
          learner.begin()
          const plan = planFor(visitors, theirs, learner.known.shape)
          load.cycle(plan, everyMs, performance.now())
          const outcomes = await runReadPlan(plan, link, learner, patience, callSignal)
          link.cycleEnded()
          if (theirs.identify && outcomes.some(({ ok }) => ok)) {
            await identifyOnce(theirs, link, memory, logger, callSignal)
          }
          return outcomes
        })
      },
      async write(theirs, writes, callSignal) {
        const error = conflict(protocol, theirs)
        if (error !== undefined) return writes.map(() => ({ ok: false, error }))
        return use.run(wishesOf(theirs), callSignal, (link) =>
          runWrites(writes, theirs, link, callSignal, lessonsOf(theirs.unit, memory)),
        )
      },
      close: () => use.close(),
    }
    return connection
  },
}

/** What is known of a unit, kept in the memory. */
const unitOf = (unit: number, memory: Memory) => ({
  learner: learnerOf(unit, memory),
  patience: patienceOf(unit, memory),
})

/** One entry of the memory. */
const kept = <T>(memory: Memory, key: string) => ({
  get: () => memory.get(key) as T | undefined,
  set: (value: T) => memory.set(key, value),
})

const tooMuch = (protocol: ModbusProtocol, { share, requestsPerSecond }: LineLoad) =>
  `${nameOf(endpointOf(protocol))}: what is to be read takes ${Math.round(100 * share)} % of the line's time (${requestsPerSecond.toFixed(1)} requests a second), so cycles will be late; use longer cycles, fewer properties or a higher baud rate`

/** Line settings belong to the whole line: the device that opened it decided them for all. */
function conflict(opened: ModbusProtocol, theirs: ModbusProtocol): MapperError | undefined {
  if (opened === theirs || transports[theirs.transport].by !== 'serial') return
  const [ours, wanted] = [opened, theirs].map(endpointOf).map(nameOf)
  if (ours === wanted) return
  return new MapperError(
    'invalid_config',
    `this device wants ${wanted}, but another one opened ${ours}: devices on one serial line must agree on its settings`,
  )
}
