import { MapperError } from '@mapper-sdk/core'
import type { ModbusProtocol } from '../config/protocol.ts'
import { applyMasks, type MaskedRegister } from '../data/register-change.ts'
import { isAbsence, isUnknownFunction } from '../link/exceptions.ts'
import type { Answer, ModbusLink, RequestOptions } from '../link/link.ts'
import type { Change } from './change.ts'
import type { Lessons, WriteLesson } from './lessons.ts'

/** What the device said to a request, and which request it was: `writing holding 4 (function 6)`. */
export type Said = Answer & { readonly request: string }

/**
 * Carries out one change with the functions that the protocol asks for and the device knows. What was
 * answered with a yes or was not answered is not sent again. Rejects as the link does.
 */
export function sendChange(
  change: Change,
  protocol: ModbusProtocol,
  link: ModbusLink,
  signal: AbortSignal,
  lessons: Lessons,
): Promise<Said> {
  const { unit, timeoutMs, writeFunction, writeBits } = protocol
  const options: RequestOptions = { timeoutMs, signal }

  type Step = () => Promise<Said>
  const step =
    (request: string, send: () => Promise<Answer>): Step =>
    async () => ({ ...(await send()), request })

  /** The way that the device is known to go; the other one where it does not know the function. */
  async function either(lesson: WriteLesson, usual: Step, other: Step): Promise<Said> {
    const knownNot = lessons.has(lesson)
    const [first, second] = knownNot ? [other, usual] : [usual, other]
    const said = await first()
    if (said.ok || !isUnknownFunction(said.exception)) return said
    const again = await second()
    if (!again.ok && isUnknownFunction(again.exception)) return said
    lessons.set(lesson, !knownNot)
    return again
  }

  function whole(address: number, data: Uint8Array): Promise<Said> {
    const range = rangeOf(address, data.length / 2)
    const write = (functionCode: 6 | 16) =>
      step(`writing holding ${range} (function ${functionCode})`, () =>
        link.writeRegisters(unit, address, data, { ...options, multiple: functionCode === 16 }),
      )
    switch (writeFunction) {
      case 'read-write':
        // One register is the least that can be read along; core reads the value itself.
        return step(`writing holding ${range} (function 23)`, () =>
          link.exchangeRegisters(
            unit,
            { readAddress: address, readCount: 1, writeAddress: address, data },
            options,
          ),
        )()
      case 'multiple':
        return write(16)()
      default:
        if (data.length > 2) return write(16)()
        return writeFunction === 'single' ? write(6)() : either('no 6', write(6), write(16))
    }
  }

  function coils(address: number, values: readonly boolean[]): Promise<Said> {
    const write = (functionCode: 5 | 15) =>
      step(`writing coil ${rangeOf(address, values.length)} (function ${functionCode})`, () =>
        link.writeCoils(unit, address, values, { ...options, multiple: functionCode === 15 }),
      )
    if (writeFunction === 'multiple' || values.length > 1) return write(15)()
    return writeFunction === 'single' ? write(5)() : either('no 5', write(5), write(15))
  }

  function part(address: number, registers: readonly MaskedRegister[]): Promise<Said> {
    if (writeBits === 'mask') return masks(address, registers)
    const rewritten = () => rewrite(address, registers)
    // A value in several registers would be seen half written between two requests.
    if (writeBits === 'rewrite' || registers.length > 1) return rewritten()
    return either('no 22', () => firstMask(address, registers), rewritten)
  }

  /**
   * Some devices ignore a function that they do not know, and some then ignore all that follows on the
   * connection. Who answers a read right after that, or is silent to it twice, is deaf to function 22.
   * The change that found out fails, because its fate is not known.
   */
  async function firstMask(address: number, registers: readonly MaskedRegister[]): Promise<Said> {
    try {
      const said = await masks(address, registers)
      if (said.ok) lessons.set('knows 22', true)
      return said
    } catch (thrown) {
      const isSilence = MapperError.from(thrown).code === 'timeout' && !signal.aborted
      if (isSilence && !lessons.has('knows 22')) {
        const isDeaf = lessons.has('silent 22') || (await isThere(address))
        lessons.set(isDeaf ? 'no 22' : 'silent 22', true)
      }
      throw thrown
    }
  }

  const isThere = (address: number): Promise<boolean> =>
    link.read(unit, 'holding', address, 1, options).then(
      (answer) => answer.ok || !isAbsence(answer.exception),
      () => false,
    )

  /** Function 22, a request a register. */
  async function masks(address: number, registers: readonly MaskedRegister[]): Promise<Said> {
    let said: Said | undefined
    for (const [index, { andMask: and, orMask: or }] of registers.entries()) {
      const at = address + index
      said = await step(`writing bits of holding ${at} (function 22)`, () =>
        link.maskRegister(unit, at, { and, or }, options),
      )()
      if (!said.ok) break
    }
    return said ?? { ok: true, data: new Uint8Array(0), request: 'writing nothing' }
  }

  /** Not atomic: what the device or another client changes in between is overwritten. */
  async function rewrite(address: number, registers: readonly MaskedRegister[]): Promise<Said> {
    const { length } = registers
    const reading = `reading holding ${rangeOf(address, length)} to change bits of it (function 3)`
    const before = await step(reading, () => link.read(unit, 'holding', address, length, options))()
    return before.ok ? whole(address, applyMasks(registers, before.data)) : before
  }

  switch (change.kind) {
    case 'whole':
      return whole(change.address, change.data)
    case 'coils':
      return coils(change.address, change.values)
    case 'part':
      return part(change.address, change.registers)
  }
}

const rangeOf = (address: number, count: number) =>
  count === 1 ? `${address}` : `${address}…${address + count - 1}`
