import { createDriverConfig, type DriverConfig } from '../driver-config.ts'
import { formatPath, type Issue } from '../config.ts'
import type { ConnectContext, Connection, Driver, Outcome, Value, Write } from '../driver.ts'
import type { Logger } from '../log.ts'
import { connectContext } from '../testing/connect-context.ts'
import { pass, settled, type Settled } from './patience.ts'
import type { GoodPlace, MakeRig, Place, Rig } from './rig.ts'
import { isGood, leaveOut, must, shown, shownOutcome, told } from './verdict.ts'

/** How long a call may take once its signal has aborted. */
export const afterAbortMs = 1000

export interface CheckedPlace extends Omit<GoodPlace, 'visitor'> {
  readonly index: number
  /** Checked, frozen, with defaults. */
  readonly visitor: unknown
}

/** What a check works with: a rig with its configurations checked, and calls that never hang. */
export interface Bench {
  readonly rig: Rig
  readonly driver: Driver
  readonly config: DriverConfig<unknown, unknown>
  readonly protocol: unknown
  readonly places: readonly CheckedPlace[]
  readonly patienceMs: number
  /** Lines that the driver has logged from info on. */
  readonly logged: readonly string[]
  visitorOf(place: Place): unknown
  /** Checked configurations of the other device on the same connection. */
  second(): { readonly protocol: unknown; readonly places: readonly CheckedPlace[] }
  /** It is closed after the check. */
  connect(own?: Partial<ConnectContext>): Promise<Connection>
  /** Connects without waiting; what comes of it is closed after the check. */
  connecting(own?: Partial<ConnectContext>): Promise<Connection>
  read(
    connection: Connection,
    visitors: readonly unknown[],
    protocol?: unknown,
  ): Promise<readonly Outcome<Value>[]>
  write(
    connection: Connection,
    writes: readonly Write<unknown>[],
  ): Promise<readonly Outcome<void>[]>
  /** Reads the places and throws unless each has its value. */
  expectValues(
    connection: Connection,
    when: string,
    values?: ReadonlyMap<number, Value>,
  ): Promise<void>
  /** Another rig, made afresh, with a bench of its own. */
  another(): Promise<Bench>
  end(): Promise<void>
}

/** Compiling schemas takes longer than most checks, and they are the same for all of them. */
const configs = new WeakMap<Driver, DriverConfig<unknown, unknown>>()
const configOf = (driver: Driver) => {
  const known = configs.get(driver) ?? createDriverConfig(driver)
  configs.set(driver, known)
  return known
}

export const property = (name: string, type: Place['type']) =>
  ({ name, type, accessMode: 'ReadWrite' }) as const

export async function setUp(makeRig: MakeRig): Promise<Bench> {
  const rig = await makeRig()
  const { driver, patienceMs = 5000 } = rig
  const config = configOf(driver)
  const opened: Promise<Connection>[] = []
  const others: Bench[] = []
  const logged: string[] = []
  const { signal: never } = new AbortController()
  const logger = listeningLogger(logged)

  const protocolOf = (raw: Rig['protocol']) => {
    const issues: Issue[] = []
    const checked = config.protocol(structuredClone(raw), issues)
    must(checked !== undefined, `refused a good protocol config: ${problems(issues)}`)
    return checked.protocol
  }
  const visitorFor = ({ visitor, type }: Place, protocol: unknown) => {
    const issues: Issue[] = []
    const model = property('p', type)
    const raw = structuredClone(visitor)
    const checked = config.visitor(raw, model, ['spec'], issues, protocol)
    must(checked !== undefined, `refused a good visitor: ${problems(issues)}`)
    return checked.visitor
  }
  const placesOf = (good: readonly GoodPlace[], protocol: unknown) =>
    good.map((place, index) => ({ ...place, index, visitor: visitorFor(place, protocol) }))
  const protocol = protocolOf(rig.protocol)
  const places = placesOf(rig.good, protocol)

  /** What a call that should go well answers. */
  const answer = async <T>(what: string, call: Promise<T>): Promise<T> => {
    const end = await settled(call, patienceMs)
    must(end !== undefined, `did not settle ${what} in ${patienceMs} ms`)
    must(end.ok, `failed ${what}: ${end.ok ? '' : told(end.thrown)}`)
    return end.value
  }
  const oneEach = <T>(what: string, outcomes: readonly T[], asked: readonly unknown[]) => {
    const isList: boolean = Array.isArray(outcomes)
    const answered = isList ? `${outcomes.length} outcomes` : `${shown(outcomes)} and no list`
    const isRight = isList && outcomes.length === asked.length
    must(isRight, `answered ${what} of ${asked.length} items with ${answered}`)
    return outcomes
  }

  const bench: Bench = {
    ...{ rig, driver, config, protocol, places, patienceMs, logged },
    visitorOf: (place) => visitorFor(place, protocol),
    second() {
      if (rig.second === undefined) leaveOut('the rig has no second device')
      const theirs = protocolOf(rig.second.protocol)
      return { protocol: theirs, places: placesOf(rig.second.good, theirs) }
    },
    connecting(own) {
      const connecting = begin(() => driver.connect(protocol, connectContext({ logger, ...own })))
      opened.push(connecting)
      return connecting
    },
    connect: (own) => answer('connect', bench.connecting(own)),
    async read(connection, visitors, theirs = protocol) {
      const call = begin(() => connection.read(theirs, visitors, never))
      return oneEach('a read', await answer('a read', call), visitors)
    },
    async write(connection, writes) {
      const call = begin(() => connection.write(protocol, writes, never))
      return oneEach('a write', await answer('a write', call), writes)
    },
    async expectValues(connection, when, values) {
      const visitors = places.map(({ visitor }) => visitor)
      const outcomes = await bench.read(connection, visitors)
      for (const { index, type, value } of places) {
        const wanted = values?.get(index) ?? value
        must(
          isGood(outcomes[index], wanted, type),
          `read good[${index}] ${when} as ${shownOutcome(outcomes[index])}; the device has ${shown(wanted)}`,
        )
      }
    },
    async another() {
      const other = await setUp(makeRig)
      others.push(other)
      return other
    },
    async end() {
      try {
        await rig.silence?.(false)
        for (const connecting of opened) {
          const end = await settled(connecting, afterAbortMs)
          if (end?.ok === true)
            await settled(
              begin(() => end.value.close()),
              afterAbortMs,
            )
        }
        for (const other of others) await other.end()
      } finally {
        await rig.close?.()
      }
    },
  }
  return bench
}

/** A driver that throws at once instead of rejecting is treated alike, as core does. */
export const begin = async <T>(call: () => Promise<T>): Promise<T> => call()

/** Starts a call and lets it get under way; it may fail before somebody looks. */
export async function underWay<T>(
  call: () => Promise<T>,
): Promise<{ within(ms: number): Promise<Settled<T> | undefined> }> {
  const running = begin(call)
  running.catch(() => undefined)
  await pass(30)
  return { within: (ms) => settled(running, ms) }
}

export const problems = (issues: readonly Issue[]) =>
  issues.map(({ path, message }) => `${formatPath(path)} ${message}`).join('; ') || 'nothing said'

function listeningLogger(logged: string[]): Logger {
  const note = (fields: object | string, message?: string) =>
    void logged.push(message ?? (typeof fields === 'string' ? fields : ''))
  const logger: Logger = {
    debug: () => undefined,
    ...{ info: note, warn: note, error: note },
    child: () => logger,
  }
  return logger
}
