import type { DeviceState, Id } from './device.ts'
import type { TwinUpdate } from './edge/edge.ts'

/** One call's worth of news for EdgeCore. */
export type Dispatch =
  | { readonly kind: 'twins'; readonly device: Id; readonly twins: readonly TwinUpdate[] }
  | { readonly kind: 'state'; readonly device: Id; readonly state: DeviceState }

/** A twin as the mapper has it, texts ready to leave. */
export interface TwinText {
  readonly reported: string
  readonly observedDesired: string
}

/**
 * What the cloud should know and what it was last told. Holds the latest text per twin and nothing
 * else, so its size is the number of twins, however long EdgeCore is away.
 *
 * It is spent in this order: outcomes of desired writes, device states, changed twins (the oldest
 * change first, so no device starves), and the refresh of twins that were told long ago, because
 * EdgeCore says OK to reports that it then loses.
 */
export interface Outbox {
  /** The latest texts of a twin. `urgent`: the outcome of a desired write. */
  twin(device: Id, property: string, text: TwinText, now: number, options: TwinOptions): void
  state(device: Id, state: DeviceState, now: number): void
  forgetTwin(device: Id, property: string): void
  forget(device: Id): void
  /** The next news, with at most `room` twins (first reports count twice); it stays until `told`. */
  next(now: number, room: number): Dispatch | undefined
  /** When `next` will have something, by time alone; undefined if nothing is waiting. */
  nextAt(now: number): number | undefined
  told(dispatch: Dispatch, now: number): void
  /** EdgeCore said no for a reason of its own: this device waits, the others do not. */
  refused(dispatch: Dispatch, until: number): void
  /** Everything is to be told again, in its turn: EdgeCore may have forgotten it. */
  refreshAll(now: number): void
  readonly size: { readonly twins: number; readonly waiting: number }
  /** What the cloud was last told of a twin. */
  lastTold(device: Id, property: string): TwinText | undefined
  twins(device: Id): readonly { readonly property: string; readonly text: TwinText }[]
}

export interface TwinOptions {
  readonly urgent: boolean
  /** The new reading counts as a change (deadband passed); otherwise only the refresh carries it. */
  readonly changed: boolean
  /** The shortest time between two reports of this twin. */
  readonly reportMs: number
}

interface Twin {
  text: TwinText
  told: TwinText | undefined
  toldAt: number
  /** Since when the cloud should know better; undefined if it need not. */
  since: number | undefined
  urgent: boolean
  reportMs: number
}

interface Box {
  readonly twins: Map<string, Twin>
  state: DeviceState | undefined
  stateSince: number | undefined
  notBefore: number
  waiting: number
}

export function createOutbox(settings: { readonly refreshMs: number }): Outbox {
  const boxes = new Map<Id, Box>()
  let twinCount = 0
  let waitingCount = 0

  const boxOf = (device: Id): Box => {
    let box = boxes.get(device)
    if (box === undefined) {
      box = { twins: new Map(), state: undefined, stateSince: undefined, notBefore: 0, waiting: 0 }
      boxes.set(device, box)
    }
    return box
  }

  const mark = (box: Box, twin: Twin, now: number) => {
    if (twin.since !== undefined) return
    twin.since = now
    box.waiting++
    waitingCount++
  }

  const unmark = (box: Box, twin: Twin) => {
    if (twin.since === undefined) return
    twin.since = undefined
    twin.urgent = false
    box.waiting--
    waitingCount--
  }

  /** When a twin may leave: its change waits for the report cycle, an untouched one for the refresh. */
  const dueAt = (twin: Twin): number => {
    if (twin.urgent) return twin.since ?? 0
    if (twin.since !== undefined) {
      return twin.told === undefined
        ? twin.since
        : Math.max(twin.since, twin.toldAt + twin.reportMs)
    }
    return twin.told === undefined ? Infinity : twin.toldAt + settings.refreshMs
  }

  /**
   * Twins of a device that leave now, most pressing first. A refresh takes along what is due within a
   * tenth of the refresh time, so that twins of a device stay together in one call.
   */
  const collect = (device: Id, box: Box, now: number, room: number, refresh: boolean): Dispatch => {
    const horizon = refresh ? now + settings.refreshMs / 10 : now
    const due = [...box.twins].filter(([, twin]) =>
      twin.since === undefined ? dueAt(twin) <= horizon : dueAt(twin) <= now,
    )
    due.sort(([, a], [, b]) => rank(a) - rank(b))
    const twins: TwinUpdate[] = []
    let left = room
    for (const [property, twin] of due) {
      const first = twin.told === undefined
      left -= first ? 2 : 1
      if (left < 0) break
      twins.push({ property, ...twin.text, first })
    }
    return { kind: 'twins', device, twins }
  }

  return {
    twin(device, property, text, now, options) {
      const box = boxOf(device)
      let twin = box.twins.get(property)
      if (twin === undefined) {
        twin = { text, told: undefined, toldAt: 0, since: undefined, urgent: false, reportMs: 0 }
        box.twins.set(property, twin)
        twinCount++
        mark(box, twin, now)
      }
      const told = twin.told
      twin.text = text
      twin.reportMs = options.reportMs
      if (told === undefined || text.observedDesired !== told.observedDesired || options.urgent) {
        mark(box, twin, now)
      } else if (text.reported === told.reported) unmark(box, twin)
      else if (options.changed) mark(box, twin, now)
      if (options.urgent) twin.urgent = true
    },
    state(device, state, now) {
      const box = boxOf(device)
      box.state = state
      box.stateSince ??= now
    },
    forgetTwin(device, property) {
      const box = boxes.get(device)
      const twin = box?.twins.get(property)
      if (box === undefined || twin === undefined) return
      unmark(box, twin)
      box.twins.delete(property)
      twinCount--
    },
    forget(device) {
      const box = boxes.get(device)
      if (box === undefined) return
      twinCount -= box.twins.size
      waitingCount -= box.waiting
      boxes.delete(device)
    },
    next(now, room) {
      let best: { device: Id; box: Box; rank: number } | undefined
      for (const [device, box] of boxes) {
        if (box.notBefore > now) continue
        if (box.stateSince !== undefined) {
          const rank = stateRank + box.stateSince
          if (best === undefined || rank < best.rank) best = { device, box, rank }
        }
        for (const twin of box.twins.values()) {
          if (dueAt(twin) > now) continue
          const value = rank(twin)
          if (best === undefined || value < best.rank) best = { device, box, rank: value }
        }
      }
      if (best === undefined) return undefined
      const { device, box } = best
      const isState = best.rank >= stateRank && best.rank < changeRank
      if (isState && box.state !== undefined) return { kind: 'state', device, state: box.state }
      return collect(device, box, now, Math.max(room, 2), best.rank >= refreshRank)
    },
    nextAt(now) {
      let earliest: number | undefined
      for (const box of boxes.values()) {
        let at = box.stateSince === undefined ? Infinity : now
        for (const twin of box.twins.values()) at = Math.min(at, dueAt(twin))
        at = Math.max(at, box.notBefore)
        if (at !== Infinity && (earliest === undefined || at < earliest)) earliest = at
      }
      return earliest
    },
    told(dispatch, now) {
      const box = boxes.get(dispatch.device)
      if (box === undefined) return
      if (dispatch.kind === 'state') {
        if (box.state === dispatch.state) box.stateSince = undefined
        return
      }
      for (const sent of dispatch.twins) {
        const twin = box.twins.get(sent.property)
        if (twin === undefined) continue
        twin.told = { reported: sent.reported, observedDesired: sent.observedDesired }
        twin.toldAt = now
        // A newer text may have come while the call was under way: then the twin keeps waiting.
        if (sameText(twin.text, twin.told)) unmark(box, twin)
      }
    },
    refused(dispatch, until) {
      const box = boxes.get(dispatch.device)
      if (box !== undefined) box.notBefore = until
    },
    refreshAll(now) {
      for (const box of boxes.values()) {
        if (box.state !== undefined) box.stateSince ??= now
        for (const twin of box.twins.values()) {
          if (twin.told !== undefined) twin.toldAt = Math.min(twin.toldAt, now - settings.refreshMs)
        }
      }
    },
    get size() {
      return { twins: twinCount, waiting: waitingCount }
    },
    lastTold: (device, property) => boxes.get(device)?.twins.get(property)?.told,
    twins: (device) =>
      [...(boxes.get(device)?.twins ?? [])].map(([property, twin]) => ({
        property,
        text: twin.text,
      })),
  }
}

// Lower goes first. The classes are further apart than any uptime in milliseconds.
const stateRank = 1e13
const changeRank = 2e13
const refreshRank = 3e13

function rank(twin: Twin): number {
  if (twin.since === undefined) return refreshRank + twin.toldAt
  return twin.urgent ? twin.since : changeRank + twin.since
}

const sameText = (a: TwinText, b: TwinText) =>
  a.reported === b.reported && a.observedDesired === b.observedDesired
