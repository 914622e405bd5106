import { MapperError, type Connection, type Driver } from '@mapper-sdk/core'
import { endpointOf, keyOf, nameOf } from './config/endpoint.ts'
import { protocolSchema, type ModbusProtocol } from './config/protocol.ts'
import { visitorSchema, type ModbusVisitor } from './config/visitor.ts'
import { normalize } from './config/dialects.ts'
import { transports } from './config/transports.ts'
import { checkVisitor } from './data/compile.ts'
import { identifyOnce } from './identify/identify-once.ts'
import { nothingKnown, type Knowledge } from './read/knowledge.ts'
import { openLink } from './link/open-link.ts'
import { createReadPlan, runReadPlan, type ReadPlan } from './read/reader.ts'
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
    const { logger, memory } = context
    const endpoint = endpointOf(protocol)
    const link = await openLink(endpoint, protocol, context)
    logger.debug({ link: nameOf(endpoint) }, 'Modbus link open')
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
      parallel: endpoint.kind === 'line' ? 1 : protocol.maxInFlight,
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
