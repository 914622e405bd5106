import { MapperError } from '@mapper-sdk/core'
import {
  createLines,
  type Line,
  type Lines,
  type SerialSettings,
  type WireSettings,
} from '@mapper-sdk/core/line'
import { withoutSpareBits } from './answer.ts'
import { asciiFraming } from './ascii-frame.ts'
import { callQueue, type Turn } from './call-queue.ts'
import { createDebts, type Debts, type Guard } from './debts.ts'
import type { Framing } from './framing.ts'
import { lineBus, looksLikeEcho } from './line-bus.ts'
import type { Answer, ModbusLink } from './link.ts'
import { linkOver } from './link-over.ts'
import { isBits, isRepeatable, type Request } from './pdu.ts'
import { rtuFraming } from './rtu-frame.ts'

/** Exchanges that one call may take until its answer is surely its own. */
const mostExchanges = 16

const framings = { rtu: rtuFraming, ascii: asciiFraming } as const

export interface LineOptions {
  readonly framing: keyof typeof framings
  /** A serial port, or a device server or gateway that stands for one. */
  readonly wire: WireSettings
}

/**
 * Opens a line for Modbus RTU or ASCII, or a share in it. Rejects with `unreachable`, `timeout`,
 * `access_denied`, `canceled` or `invalid_config`.
 */
export async function openLine(
  { framing, wire }: LineOptions,
  signal: AbortSignal,
  lines: Lines = createLines(),
): Promise<ModbusLink> {
  if (wire.kind === 'serial') checkDataBits(framing, wire.dataBits)
  const line = await lines.open(wire, signal)
  return lineLink(line, { framing: framings[framing], isConnection: wire.kind === 'tcp' })
}

function checkDataBits(framing: LineOptions['framing'], dataBits: number): void {
  if (dataBits === 8 || (framing === 'ascii' && dataBits === 7)) return
  const needs = framing === 'rtu' ? 'RTU needs 8 data bits; 7 is for' : '7 or 8 data bits are for'
  throw new MapperError('invalid_config', `Modbus ${needs} Modbus ASCII`)
}

export type SerialOptions = Omit<SerialSettings, 'kind'>

/** Opens a serial line for Modbus RTU. */
export const openSerial = (options: SerialOptions, signal: AbortSignal): Promise<ModbusLink> =>
  openLine({ framing: 'rtu', wire: { ...options, kind: 'serial' } }, signal)

export interface LineLinkOptions {
  /** RTU if left out. */
  readonly framing?: Framing
  /** A connection is dropped after anything unexpected; a serial line, if left out, is waited on. */
  readonly isConnection?: boolean
}

/** The transactions of one line, strictly one after another. */
export function lineLink(line: Line, options: LineLinkOptions = {}): ModbusLink {
  const { framing = rtuFraming, isConnection = false } = options
  const debts = debtsOf(line, framing)
  const bus = lineBus(line, { framing, debts, ...(isConnection && { giveUp }) })
  const calls = callQueue(line.name, perform)
  let failed: MapperError | undefined
  line.listen(bus.receive, fail)

  /** The line is lost for all who share it, and so for us. */
  function giveUp(reason: MapperError): void {
    line.drop(reason)
  }

  async function perform(turn: Turn): Promise<Answer> {
    const { request } = turn
    if (request.unit === 0) {
      await bus.inTurn(turn, () => bus.broadcast(request, turn))
      return { ok: true, data: new Uint8Array(0) }
    }
    // Whether the order of answers had to be relied on (rule 4 of debts).
    let inOrder = false
    for (let exchanges = 0; exchanges < mostExchanges; exchanges++) {
      const answer = await bus.inTurn(turn, () => attempt(turn, inOrder))
      if (answer !== undefined) return answer
      inOrder = true
    }
    throw doubt(request)
  }

  /** One exchange; undefined if its answer may be another's. */
  async function attempt(turn: Turn, inOrder: boolean): Promise<Answer | undefined> {
    const { request } = turn
    const guard = guardOf(request)
    const { debt, answer } = await bus.exchange(guard?.request ?? request, turn)
    const own = debts.settle(debt, !answer.ok)
    if (own && guard?.kind === 'wider' && answer.ok) return narrowed(answer.data, guard, request)
    if (own && (guard !== undefined || inOrder)) debts.settleBefore(debt)
    return own && guard === undefined ? answer : undefined
  }

  function guardOf(request: Request): Guard | undefined {
    // Only the answer to a read tells whether there is an echo, so one goes first.
    const unclear = looksLikeEcho(request) && bus.echoes === undefined
    if (!unclear && !debts.doubtful(request, performance.now())) return undefined
    const guard = debts.guard(request)
    // A read can do without a guard, and is repeated until it is sure; a write is not done twice.
    if (guard === undefined && !isRepeatable(request.functionCode)) throw doubt(request)
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

/** All links to one line have them in common: what a unit still has to say, any of them may hear. */
function debtsOf({ memory }: Line, { name }: Framing): Debts {
  const key = `Modbus ${name} answers owed`
  const debts = (memory.get(key) as Debts | undefined) ?? createDebts()
  memory.set(key, debts)
  return debts
}

/** The part of a wider answer that was asked for. */
function narrowed(data: Uint8Array, { skip }: { skip: number }, request: Request): Answer {
  const part = data.subarray(skip, skip + request.answerLength - 2)
  return {
    ok: true,
    data: isBits(request.functionCode) ? withoutSpareBits(part, request.count) : part,
  }
}
