import {
  invertOptions,
  limitProblem,
  MapperError,
  parseValue,
  type Connection,
  type PropertyType,
  type Value,
} from '@mapper-sdk/core'
import type { CommandIo } from './command-io.ts'
import { createReader, plain, textOf, type ItemReading } from './item-reading.ts'
import { printable } from './printable.ts'
import type { Item, Target } from './target.ts'
import { connectTo, withDeadline } from './with-deadline.ts'

export interface WriteOptions {
  readonly json: boolean
  /** How the text is to be understood, if neither model nor driver say. */
  readonly type?: PropertyType
  /** How long connecting and each step may take, in ms. */
  readonly timeoutMs: number
}

/**
 * Writes one value to the only item of the target: reads what is there, writes once, reads back, and
 * prints all three. Resolves with whether the device then has the value. Nothing is written if the device
 * does not answer the first read; a place that it refuses to read is written all the same.
 * Throws `invalid_config` or `bad_data` for a value that cannot be meant, before anything is sent.
 */
export async function write(
  target: Target,
  text: string,
  options: WriteOptions,
  io: CommandIo,
): Promise<boolean> {
  const [item, ...more] = target.items
  if (item === undefined || more.length > 0) {
    throw new MapperError('invalid_config', 'one place is written at a time')
  }
  const { timeoutMs } = options
  const wish = wishOf(item, text, typeOf(target, item, options))
  const step = <T>(what: string, call: (signal: AbortSignal) => Promise<T>) =>
    withDeadline({ signal: io.signal, ms: timeoutMs, what }, call)
  const reader = createReader(target, { withRaw: false })
  const look = async (open: Connection) => {
    const [reading] = await step('reading', (signal) => reader(open, signal))
    if (reading === undefined) throw noOutcome
    return reading
  }
  const connect = () => connectTo(target, { signal: io.signal, timeoutMs })

  let connection = await connect()
  const readBack = async (): Promise<ItemReading> => {
    try {
      return await look(connection).catch(async () => {
        // A connection that was lost over the write can still tell nothing; a new one can.
        await connection.close()
        connection = await connect()
        return look(connection)
      })
    } catch (thrown) {
      return { item, at: Date.now(), outcome: { ok: false, error: MapperError.from(thrown) } }
    }
  }
  try {
    const before = await look(connection)
    if (!before.outcome.ok && !hasNothing.has(before.outcome.error.code)) throw before.outcome.error
    const failure = await step('writing', (signal) =>
      connection.write(target.protocol, [{ visitor: item.visitor, value: wish.raw }], signal),
    ).then(
      ([written]) => (written?.ok === false ? written.error : written ? undefined : noOutcome),
      (thrown: unknown) => MapperError.from(thrown),
    )
    if (failure !== undefined && !unsure.has(failure.code)) throw failure
    const after = await readBack()
    print({ item, before, after, wish: wish.value }, options, io)
    if (failure !== undefined) {
      io.err.write(`${failure.message}\n`)
      if (failure.code !== 'bad_data') io.err.write('the device may have taken the value or not\n')
      return false
    }
    if (target.commandLine?.readsBack?.(item.visitor, target.protocol) === false) {
      return after.outcome.ok || after.outcome.error.code === 'unsupported'
    }
    const isTaken = after.outcome.ok && isSame(after.outcome.value.value, wish.value, item)
    if (!isTaken) io.err.write('the device said yes, but the value was not read back\n')
    return isTaken
  } finally {
    await connection.close()
  }
}

const noOutcome = new MapperError('internal', 'the driver gave no outcome')

/** The device answered, but has nothing to read there, or nothing for us. */
const hasNothing: ReadonlySet<string> = new Set(['rejected', 'unsupported', 'access_denied'])

/** After these the device may have done what it was asked for; what it says now tells. */
const unsure: ReadonlySet<string> = new Set(['timeout', 'unreachable', 'bad_data', 'canceled'])

function typeOf(target: Target, item: Item, { type }: WriteOptions): PropertyType {
  const { commandLine, driver, protocol } = target
  const known = item.type ?? type ?? commandLine?.valueType?.(item.visitor, protocol)
  if (known !== undefined) return known
  // With a map the text is one of its texts.
  if (item.options.map !== undefined) return 'STRING'
  const how =
    commandLine?.valueType === undefined
      ? `the driver ${driver.protocolName} does not tell; add --type INT, DOUBLE, BOOLEAN, STRING or BYTES`
      : 'add it to the place, as in ,type=uint16'
  throw new MapperError('invalid_config', `${item.label}: a value is written by its type; ${how}`)
}

/** The value that is meant, and what goes into the device for it. */
function wishOf(item: Item, text: string, type: PropertyType): { value: Value; raw: Value } {
  if (item.isReadOnly === true) {
    throw new MapperError('invalid_config', `${item.label} is ReadOnly in its model`)
  }
  const value = item.type === undefined ? parseLoosely(text, type, item) : parseValue(text, type)
  const problem = limitProblem(value, item.limits ?? {})
  if (problem !== undefined) throw new MapperError('bad_data', `${item.label}: ${problem}`)
  return { value, raw: invertOptions(value, item.options) }
}

/** Without a model, a scaled integer of the device is a number with decimals to whoever writes it. */
function parseLoosely(text: string, type: PropertyType, { options }: Item): Value {
  if (options.map !== undefined) return parseValue(text, 'STRING')
  const isNumber = type === 'INT' || type === 'FLOAT' || type === 'DOUBLE'
  if (!isNumber) return parseValue(text, type)
  return parseValue(text, /^[+-]?\d+$/.test(text) ? 'INT' : 'DOUBLE')
}

/** A float32 keeps some seven digits of what is written to it. */
function isSame(found: Value, wished: Value, item: Item): boolean {
  if (textOf(found, item) === textOf(wished, item)) return true
  const [a, b] = [Number(found), Number(wished)]
  // The same number, written in another way: 55 and 55.0.
  if (Number.isSafeInteger(b) && a === b && String(wished).trim() !== '') return true
  return !Number.isSafeInteger(b) && Math.fround(a) === Math.fround(b)
}

function print(
  {
    item,
    before,
    after,
    wish,
  }: {
    readonly item: Item
    readonly before: ItemReading
    readonly after: ItemReading
    readonly wish: Value
  },
  { json }: WriteOptions,
  { out }: CommandIo,
) {
  const shown = ({ outcome }: ItemReading) =>
    printable(outcome.ok ? outcome.value.text : `– ${outcome.error.message}`, Infinity)
  const value = ({ outcome }: ItemReading) => (outcome.ok ? plain(outcome.value.value) : null)
  if (json) {
    const all = { before: value(before), wanted: plain(wish), after: value(after) }
    out.write(`${JSON.stringify({ place: item.label, ...all })}\n`)
  } else {
    out.write(`${item.label}\n  before  ${shown(before)}\n`)
    out.write(`  wanted  ${textOf(wish, item)}\n  after   ${shown(after)}\n`)
  }
}
