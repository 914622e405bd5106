import { MapperError, type ConnectContext, type Connection, type Driver } from '@mapper-sdk/core'
import { wireName } from '@mapper-sdk/core/line'
import { protocolSchema, type ModbusProtocol } from './config/protocol.ts'
import { visitorSchema, type ModbusVisitor } from './config/visitor.ts'
import { normalize } from './config/dialects.ts'
import { checkVisitor } from './data/compile.ts'
import { identifyOnce } from './identify/identify-once.ts'
import { nothingKnown, type Knowledge } from './read/knowledge.ts'
import type { ModbusLink } from './link/link.ts'
import { createReadPlan, runReadPlan, type ReadPlan } from './read/reader.ts'
import { openSerial } from './link/rtu-link.ts'
import { connectTcp } from './link/tcp-link.ts'
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
    const { logger, memory } = context
    const link = await open(protocol, context)
    logger.debug({ link: nameOf(protocol) }, 'Modbus link open')
    const plans = new WeakMap<readonly ModbusVisitor[], ReadPlan>()

    const planFor = (
      visitors: readonly ModbusVisitor[],
      theirs: ModbusProtocol,
      knowledge: Knowledge,
    ) => {
      const kept = plans.get(visitors)
      if (kept?.protocol === theirs && kept.knowledge === knowledge) return kept
      const plan = createReadPlan(visitors, theirs, knowledge)
      plans.set(visitors, plan)
      return plan
    }

    const connection: Connection<ModbusProtocol, ModbusVisitor> = {
      parallel: protocol.transport === 'tcp' ? protocol.maxInFlight : 1,
      writesOvertake: true,
      async read(theirs, visitors, callSignal) {
        if (link.failed !== undefined) throw link.failed
        const error = conflict(protocol, theirs)
        if (error !== undefined) return visitors.map(() => ({ ok: false, error }))
        const key = `unit ${theirs.unit}`
        const knowledge = (memory.get(key) as Knowledge | undefined) ?? nothingKnown
        const result = await runReadPlan(planFor(visitors, theirs, knowledge), link, callSignal)
        if (result.knowledge !== knowledge) memory.set(key, result.knowledge)
        if (theirs.identify && result.outcomes.some(({ ok }) => ok)) {
          await identifyOnce(theirs, link, memory, logger, callSignal)
        }
        return result.outcomes
      },
      async write(theirs, writes, callSignal) {
        if (link.failed !== undefined) throw link.failed
        const error = conflict(protocol, theirs)
        if (error !== undefined) return writes.map(() => ({ ok: false, error }))
        return runWrites(writes, theirs, link, callSignal, lessonsOf(theirs.unit, memory))
      },
      close: () => link.close(),
    }
    return connection
  },
}

export function open(
  protocol: ModbusProtocol,
  { signal, lines }: ConnectContext,
): Promise<ModbusLink> {
  const { port, connectTimeoutMs, maxInFlight, baudRate, dataBits, stopBits, parity, rs485 } =
    protocol
  const end = endOf(protocol)
  return end.kind === 'tcp'
    ? connectTcp({ host: end.host, port, connectTimeoutMs, maxInFlight }, signal)
    : openSerial({ path: end.path, baudRate, dataBits, stopBits, parity, rs485 }, signal, lines)
}

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
