import {
  MapperError,
  type ConnectContext,
  type Connection,
  type Driver,
  type Memory,
} from '@mapper-sdk/core'
import { wireName } from '@mapper-sdk/core/line'
import { protocolSchema, type ModbusProtocol } from './config/protocol.ts'
import { visitorSchema, type ModbusVisitor } from './config/visitor.ts'
import { normalize } from './config/dialects.ts'
import { checkVisitor } from './data/compile.ts'
import { identifyOnce } from './identify/identify-once.ts'
import { adaptiveLink, type AdaptiveLink } from './link/adaptive-link.ts'
import type { InFlight } from './link/depth.ts'
import type { ModbusLink } from './link/link.ts'
import { linkUse } from './link/link-use.ts'
import { pause } from './link/pauses.ts'
import { openSerial } from './link/rtu-link.ts'
import { connectTcp } from './link/tcp-link.ts'
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
 * Modbus TCP and Modbus RTU. Reads what lies close together with as few requests as possible; a
 * range that the device refuses fails alone. Devices on one gateway or serial line share it.
 */
export const modbusDriver: Driver<ModbusProtocol, ModbusVisitor> = {
  protocolName: 'modbus',
  protocolSchema,
  visitorSchema,
  normalize,
  check: checkVisitor,
  connectionKey: (protocol) => {
    const end = endOf(protocol)
    return end.kind === 'tcp' ? `${end.host.toLowerCase()}:${protocol.port}` : end.path
  },
  async connect(protocol, context) {
    const { signal, logger, memory } = context
    const inFlight = kept<InFlight>(memory, 'in flight')
    const overloaded = kept<boolean>(memory, 'overloaded')
    const connect = async (until: AbortSignal): Promise<AdaptiveLink> =>
      adaptiveLink(await open(protocol, { ...context, signal: until }), inFlight)
    const use = linkUse(await connect(signal), connect)
    const wishesOf = ({ maxInFlight, requestDelayMs, reconnectEachCycle }: ModbusProtocol) => ({
      maxInFlight,
      requestDelayMs,
      reconnectEachCycle: reconnectEachCycle && protocol.transport === 'tcp',
    })
    logger.debug({ link: nameOf(protocol) }, 'Modbus link open')
    const plans = new WeakMap<readonly ModbusVisitor[], ReadPlan>()
    const load = watchLoad(protocol, overloaded, (need) =>
      logger.warn({ ...need }, tooMuch(protocol, need)),
    )

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
          const learner = learnerOf(theirs.unit, memory)
          const plan = planFor(visitors, theirs, learner.known.shape)
          load.cycle(plan, everyMs, performance.now())
          const outcomes = await runReadPlan(
            plan,
            link,
            learner,
            patienceOf(theirs.unit, memory),
            callSignal,
          )
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

export async function open(
  protocol: ModbusProtocol,
  { signal, lines }: ConnectContext,
): Promise<ModbusLink> {
  const { port, connectTimeoutMs, pauseAfterConnectMs } = protocol
  const { baudRate, dataBits, stopBits, parity, rs485 } = protocol
  const end = endOf(protocol)
  if (end.kind === 'rtu') {
    return openSerial(
      { path: end.path, baudRate, dataBits, stopBits, parity, rs485 },
      signal,
      lines,
    )
  }
  const link = await connectTcp({ host: end.host, port, connectTimeoutMs }, signal)
  try {
    if (pauseAfterConnectMs > 0) await pause(pauseAfterConnectMs, signal)
    return link
  } catch (thrown) {
    await link.close()
    throw thrown
  }
}

/** One entry of the memory. */
const kept = <T>(memory: Memory, key: string) => ({
  get: () => memory.get(key) as T | undefined,
  set: (value: T) => memory.set(key, value),
})

const tooMuch = (protocol: ModbusProtocol, { share, requestsPerSecond }: LineLoad) =>
  `${nameOf(protocol)}: what is to be read takes ${Math.round(100 * share)} % of the line's time (${requestsPerSecond.toFixed(1)} requests a second), so cycles will be late; use longer cycles, fewer properties or a higher baud rate`

type End =
  { readonly kind: 'tcp'; readonly host: string } | { readonly kind: 'rtu'; readonly path: string }

function endOf({ transport, host, path }: ModbusProtocol): End {
  if (transport === 'tcp' && host !== undefined) return { kind: 'tcp', host }
  if (transport === 'rtu' && path !== undefined) return { kind: 'rtu', path }
  const missing = transport === 'tcp' ? 'host' : 'path'
  throw new MapperError('invalid_config', `${missing}: missing, transport ${transport} needs it`)
}

/** Line settings belong to the whole line: the device that opened it decided them for all. */
function conflict(opened: ModbusProtocol, theirs: ModbusProtocol): MapperError | undefined {
  if (opened === theirs || theirs.transport === 'tcp' || nameOf(opened) === nameOf(theirs)) return
  return new MapperError(
    'invalid_config',
    `this device wants ${nameOf(theirs)}, but another one opened ${nameOf(opened)}: devices on one serial line must agree on its settings`,
  )
}

/** As people write it: `192.0.2.7:502`, `/dev/ttyUSB0 at 9600 8N1`. */
function nameOf(protocol: ModbusProtocol): string {
  const end = endOf(protocol)
  if (end.kind === 'tcp') return `${end.host}:${protocol.port}`
  return wireName({ kind: 'serial', ...protocol, path: end.path })
}
