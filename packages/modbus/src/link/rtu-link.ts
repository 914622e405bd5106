import { MapperError } from '@mapper-sdk/core'
import { createLines, type Line, type Lines, type SerialSettings } from '@mapper-sdk/core/line'
import { withoutSpareBits } from './answer.ts'
import { callQueue, type Turn } from './call-queue.ts'
import { createDebts, type Guard } from './debts.ts'
import type { Answer, ModbusLink } from './link.ts'
import { linkOver } from './link-over.ts'
import { isBits, isRead, type Request } from './pdu.ts'
import { looksLikeEcho, rtuBus } from './rtu-bus.ts'

/** Exchanges that one call may take until its answer is surely its own. */
const mostExchanges = 16

export type SerialOptions = Omit<SerialSettings, 'kind'>

/**
 * Opens a Modbus RTU line, or a share in it. Rejects with `unreachable`, `access_denied`, `canceled` or
 * `invalid_config`.
 */
export async function openSerial(
  options: SerialOptions,
  signal: AbortSignal,
  lines: Lines = createLines(),
): Promise<ModbusLink> {
  if (options.dataBits !== 8) {
    throw new MapperError('invalid_config', 'Modbus RTU needs 8 data bits; 7 is for Modbus ASCII')
  }
  return rtuLink(await lines.open({ kind: 'serial', ...options }, signal), options.baudRate)
}

/** The transactions of one serial line, strictly one after another. */
export function rtuLink(line: Line, baudRate: number): ModbusLink {
  const debts = createDebts()
  const bus = rtuBus(line, baudRate, debts)
  const calls = callQueue(line.name, perform)
  let failed: MapperError | undefined
  line.listen(bus.receive, fail)

  async function perform(turn: Turn): Promise<Answer> {
    const { request } = turn
    if (request.unit === 0) {
      await bus.broadcast(request, turn)
      return { ok: true, data: new Uint8Array(0) }
    }
    // Whether the order of answers had to be relied on (rule 4 of debts).
    let inOrder = false
    for (let exchanges = 0; exchanges < mostExchanges; exchanges++) {
      const guard = guardOf(request)
      const { debt, answer } = await bus.exchange(guard?.request ?? request, turn)
      const own = debts.settle(debt, !answer.ok)
      if (own && guard?.kind === 'wider' && answer.ok) return narrowed(answer.data, guard, request)
      if (own && (guard !== undefined || inOrder)) debts.settleBefore(debt)
      if (own && guard === undefined) return answer
      inOrder = true
    }
    throw doubt(request)
  }

  function guardOf(request: Request): Guard | undefined {
    // Only the answer to a read tells whether there is an echo, so one goes first.
    const unclear = looksLikeEcho(request) && bus.echoes === undefined
    if (!unclear && !debts.doubtful(request, performance.now())) return undefined
    const guard = debts.guard(request)
    // A read can do without a guard, and is repeated until it is sure; a write is not done twice.
    if (guard === undefined && !isRead(request.functionCode)) throw doubt(request)
    return guard
  }

  const doubt = ({ unit }: Request) =>
    new MapperError(
      'bad_data',
      `answers of unit ${unit} on ${line.name} may belong to older requests that were not answered in time`,
    )

  function fail(reason: MapperError): void {
    failed ??= reason
    calls.fail(failed)
  }

  return linkOver({
    highestUnit: 247,
    transact: calls.transact,
    failed: () => failed,
    close: async () => {
      fail(new MapperError('canceled', `the line ${line.name} was closed`))
      await line.close()
    },
  })
}

/** The part of a wider answer that was asked for. */
function narrowed(data: Uint8Array, { skip }: { skip: number }, request: Request): Answer {
  const part = data.subarray(skip, skip + request.answerLength - 2)
  return {
    ok: true,
    data: isBits(request.functionCode) ? withoutSpareBits(part, request.count) : part,
  }
}
