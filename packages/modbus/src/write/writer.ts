import { canceled, MapperError, type Outcome, type Write } from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import type { ModbusVisitor } from '../config/visitor.ts'
import { exceptionError, isAbsence } from '../link/exceptions.ts'
import type { Answer, ModbusLink } from '../link/link.ts'
import { compileVisitor } from '../data/compile.ts'

/** The most registers that function 16 can carry; two fewer than can be read. */
const mostWritten = 123

/**
 * Writes in order, each value in one request. After the first silence the rest fails without being
 * sent. Throws only if the link failed before anything was answered.
 */
export async function runWrites(
  writes: readonly Write<ModbusVisitor>[],
  protocol: ModbusProtocol,
  link: ModbusLink,
  signal: AbortSignal,
): Promise<readonly Outcome<void>[]> {
  const outcomes: Outcome<void>[] = []
  let answered = false
  let stopped: MapperError | undefined
  for (const write of writes) {
    const result = stopped ?? (await attempt(write))
    outcomes.push(result instanceof MapperError ? { ok: false, error: result } : result)
  }
  if (link.failed !== undefined && stopped === link.failed && !answered) throw link.failed
  return outcomes

  async function attempt({ visitor, value }: Write<ModbusVisitor>): Promise<Outcome<void>> {
    let request: { readonly what: string; send(): Promise<Answer> }
    try {
      request = requestOf(visitor, value)
    } catch (thrown) {
      return { ok: false, error: MapperError.from(thrown, 'bad_data') }
    }
    try {
      const answer = await request.send()
      if (!answer.ok) {
        const error = exceptionError(`unit ${protocol.unit}: ${request.what}`, answer.exception)
        if (isAbsence(answer.exception)) stopped = error
        else answered = true
        return { ok: false, error }
      }
      answered = true
      return { ok: true, value: undefined }
    } catch (thrown) {
      const error = signal.aborted ? canceled(signal) : (link.failed ?? MapperError.from(thrown))
      stopped = error
      return { ok: false, error }
    }
  }

  function requestOf(visitor: ModbusVisitor, value: Write<ModbusVisitor>['value']) {
    const { unit, timeoutMs, writeMultiple: multiple } = protocol
    const options = { timeoutMs, signal, multiple }
    const one = compileVisitor(visitor, protocol)
    const { table, address } = one
    if (table === 'discrete' || table === 'input') {
      const name = table === 'input' ? 'input registers' : 'discrete inputs'
      throw new MapperError('unsupported', `${table} ${address}: ${name} are read only in Modbus`)
    }
    if (one.kind === 'bit') {
      const set = one.encode(value)
      return {
        what: `writing coil ${address} (function ${multiple ? 15 : 5})`,
        send: () => link.writeCoils(unit, address, [set], options),
      }
    }
    if (one.readFirst !== undefined) {
      throw new MapperError('unsupported', `holding ${address}: a scale factor must be read first`)
    }
    const change = one.encode(value)
    if (change.kind === 'part') {
      throw new MapperError(
        'unsupported',
        `holding ${address}: only whole registers can be written`,
      )
    }
    const { data } = change
    const count = data.length / 2
    if (count > mostWritten) {
      throw new MapperError(
        'unsupported',
        `holding ${address}: ${count} registers, but one request can write only ${mostWritten}`,
      )
    }
    return {
      what: `writing holding ${change.address} (function ${multiple || count > 1 ? 16 : 6})`,
      send: () => link.writeRegisters(unit, change.address, data, options),
    }
  }
}
