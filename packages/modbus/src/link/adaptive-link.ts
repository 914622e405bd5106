import { MapperError } from '@mapper-sdk/core'
import {
  afterAnswer,
  afterBreak,
  afterCleanCycle,
  afterSilence,
  oneAtATime,
  type InFlight,
} from './depth.ts'
import { isBusy } from './exceptions.ts'
import type { Answer, ModbusLink, PipelinedLink, RequestOptions } from './link.ts'
import { createPauses } from './pauses.ts'
import { mostInFlight } from './pipeline.ts'

/** What the devices of a connection ask of it; the most careful of them counts for all. */
export interface Wishes {
  readonly maxInFlight: number
  /** Pause between two requests, in ms. */
  readonly requestDelayMs: number
}

/** A link that finds out by itself how many requests may be on the way at once. */
export interface AdaptiveLink extends ModbusLink {
  /** `ms` is how long it took, if nothing else was on the way meanwhile. */
  read(...call: Parameters<ModbusLink['read']>): Promise<Answer & { readonly ms?: number }>
  /** Requests that may be on the way at once. */
  readonly depth: number
  join(wishes: Wishes): void
  /** A read is over. Where all went well, more is tried the next time. */
  cycleEnded(): void
}

/** Where it is kept what was found out. */
export interface Kept {
  get(): InFlight | undefined
  set(state: InFlight): void
}

interface Call {
  /** What was asked, to know it again. A write is not asked again. */
  readonly request: string
  readonly startedMs: number
  /** Whether other calls were there when it began: it may have waited for them. */
  readonly first: boolean
  /** Whether other requests were on the way together with it. */
  shared: boolean
}

/** What happened since the depth changed last. */
interface Since {
  answered: number
  /** The most requests that were on the way at once. */
  most: number
  trouble: boolean
}

/** Over a link whose depth can be set; any other one has one request on the way. */
export function adaptiveLink(link: ModbusLink & Partial<PipelinedLink>, kept: Kept): AdaptiveLink {
  const pauses = createPauses()
  const canShare = link.setDepth !== undefined
  const calls: Call[] = []
  let state = kept.get() ?? oneAtATime
  let most = canShare ? mostInFlight : 1
  let writes = 0
  let set = 1
  let since: Since = { answered: 0, most: 0, trouble: false }
  let hasBroken = false
  settle()

  function settle(): void {
    set = writes > 0 ? 1 : depth()
    link.setDepth?.(set)
  }

  function depth(): number {
    return pauses.ms > 0 ? 1 : Math.min(state.depth, most)
  }

  function become(next: InFlight): void {
    if (next === state) return
    if (next.depth !== state.depth) since = { answered: 0, most: 0, trouble: false }
    state = next
    kept.set(state)
    settle()
  }

  async function run(
    request: string,
    { signal }: RequestOptions,
    send: () => Promise<Answer>,
  ): Promise<Answer & { ms?: number }> {
    const now = performance.now()
    const call: Call = { request, startedMs: now, first: calls.length === 0, shared: false }
    calls.push(call)
    const onTheWay = Math.min(calls.length, set)
    if (onTheWay > 1) for (const each of calls) each.shared = true
    since.most = Math.max(since.most, onTheWay)
    try {
      const answer = await pauses.run(send, signal)
      onAnswer(call, answer)
      return call.first && !call.shared && pauses.ms === 0
        ? { ...answer, ms: performance.now() - call.startedMs }
        : answer
    } catch (thrown) {
      if (!signal.aborted) onFailure(call, MapperError.from(thrown))
      throw thrown
    } finally {
      calls.splice(calls.indexOf(call), 1)
    }
  }

  function onAnswer({ request, shared }: Call, answer: Answer): void {
    if (!answer.ok && isBusy(answer.exception)) since.trouble = true
    else since.answered++
    if (canShare) become(afterAnswer(state, request, shared, performance.now()))
  }

  function onFailure({ request, shared }: Call, error: MapperError): void {
    if (!canShare || error.code === 'canceled' || error.code === 'invalid_config') return
    const now = performance.now()
    if (error.code === 'timeout') {
      if (!state.silent.has(request)) since.trouble = true
      become(afterSilence(state, request, shared, now))
    } else if (link.failed !== undefined && !hasBroken) {
      hasBroken = true
      become(afterBreak(state, shared, now))
    }
  }

  /** A write, or a question that is seldom asked, goes alone: finding out how much a device can do must not cost it. */
  async function runAlone(options: RequestOptions, send: () => Promise<Answer>): Promise<Answer> {
    writes++
    settle()
    try {
      return await run('write', options, send)
    } finally {
      writes--
      settle()
    }
  }

  return {
    read: (unit, table, address, count, options) =>
      run(`${unit} ${table} ${address}+${count}`, options, () =>
        link.read(unit, table, address, count, options),
      ),
    writeRegisters: (unit, address, data, options) =>
      runAlone(options, () => link.writeRegisters(unit, address, data, options)),
    writeCoils: (unit, address, values, options) =>
      runAlone(options, () => link.writeCoils(unit, address, values, options)),
    maskRegister: (unit, address, masks, options) =>
      runAlone(options, () => link.maskRegister(unit, address, masks, options)),
    exchangeRegisters: (unit, exchange, options) =>
      runAlone(options, () => link.exchangeRegisters(unit, exchange, options)),
    readIdentification: (unit, level, object, options) =>
      runAlone(options, () => link.readIdentification(unit, level, object, options)),
    reportServerId: (unit, options) => runAlone(options, () => link.reportServerId(unit, options)),
    get failed() {
      return link.failed
    },
    get depth() {
      return depth()
    },
    join({ maxInFlight, requestDelayMs }) {
      if (maxInFlight >= most && requestDelayMs <= pauses.ms) return
      most = Math.min(most, maxInFlight)
      pauses.ms = Math.max(pauses.ms, requestDelayMs)
      settle()
    },
    cycleEnded() {
      const { answered, most: reached, trouble } = since
      if (trouble) since = { answered: 0, most: 0, trouble: false }
      else if (answered > 1 && reached >= state.depth && pauses.ms === 0 && canShare) {
        become(afterCleanCycle(state, most, performance.now()))
      }
    },
    close() {
      pauses.stop()
      return link.close()
    },
  }
}
