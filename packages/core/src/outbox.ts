import type { DeviceState, Id } from './device.ts'
import type { TwinUpdate } from './edge/edge.ts'
import {
  changeRank,
  dueAtOf,
  explainTwin,
  rankOf,
  refreshRank,
  sameText,
  stateRank,
  type Twin,
  type TwinExplanation,
  type TwinText,
} from './outbox-twin.ts'

/** One call's worth of news for EdgeCore. */
export type Dispatch =
  | {
      readonly kind: 'twins'
      readonly device: Id
      readonly twins: readonly TwinUpdate[]
      /** With the outcome of a desired write. */
      readonly urgent: boolean
    }
  | { readonly kind: 'state'; readonly device: Id; readonly state: DeviceState }

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
  /**
   * The next news of a device that is not busy, with at most `room` twins (first reports count twice);
   * it stays until `told`.
   */
  next(now: number, room: number, busy?: ReadonlySet<Id>): Dispatch | undefined
  /** When `next` will have something, by time alone; undefined if nothing is waiting. */
  nextAt(now: number, busy?: ReadonlySet<Id>): number | undefined
  told(dispatch: Dispatch, now: number): void
  /** EdgeCore said no for a reason of its own: this device waits, the others do not. */
  refused(dispatch: Dispatch, until: number): void
  /** EdgeCore will not take this twin as it is: it is left out until its text changes, or for long. */
  quarantine(device: Id, property: string, reason: string, now: number): void
  /** Everything is to be told again, in its turn: EdgeCore may have forgotten it. */
  refreshAll(now: number): void
  /** `waiting`: twins and states that the cloud should know and does not. */
  readonly size: { readonly twins: number; readonly waiting: number }
  /** What the cloud was last told of a twin. */
  lastTold(device: Id, property: string): TwinText | undefined
  twins(device: Id): readonly { readonly property: string; readonly text: TwinText }[]
  /** Why the cloud shows of a twin what it shows. */
  explain(device: Id, property: string, now: number): TwinExplanation | undefined
}

export interface TwinOptions {
  readonly urgent: boolean
  /** The new reading counts as a change (deadband passed); otherwise only the refresh carries it. */
  readonly changed: boolean
  /** The shortest time between two reports of this twin. */
  readonly reportMs: number
}

interface Box {
  readonly twins: Map<string, Twin>
  state: DeviceState | undefined
  stateSince: number | undefined
  notBefore: number
  waiting: number
  /** When the first of it may leave, worked out when asked for; undefined after any change. */
  dueAt: number | undefined
}

export function createOutbox(settings: { readonly refreshMs: number }): Outbox {
  const boxes = new Map<Id, Box>()
  let twinCount = 0
  let waitingCount = 0

  /** The box of a device, about to be changed. */
  const boxOf = (device: Id): Box => {
    let box = boxes.get(device)
    if (box !== undefined) box.dueAt = undefined
    else {
      box = {
        twins: new Map(),
        state: undefined,
        stateSince: undefined,
        notBefore: 0,
        waiting: 0,
        dueAt: undefined,
      }
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

  const dueAt = (twin: Twin) => dueAtOf(twin, settings.refreshMs)

  const boxDueAt = (box: Box): number => {
    if (box.dueAt === undefined) {
      let at = box.stateSince ?? Infinity
      for (const twin of box.twins.values()) at = Math.min(at, dueAt(twin))
      box.dueAt = Math.max(at, box.notBefore)
    }
    return box.dueAt
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
    due.sort(([, a], [, b]) => rankOf(a) - rankOf(b))
    const twins: TwinUpdate[] = []
    let left = room
    for (const [property, twin] of due) {
      const first = twin.told === undefined
      left -= first ? 2 : 1
      if (left < 0) break
      twins.push({ property, ...twin.text, first })
    }
    return { kind: 'twins', device, twins, urgent: due[0]?.[1].urgent === true }
  }

  return {
    twin(device, property, text, now, options) {
      const box = boxOf(device)
      let twin = box.twins.get(property)
      if (twin === undefined) {
        twin = {
          text,
          told: undefined,
          toldAt: 0,
          since: undefined,
          urgent: false,
          reportMs: 0,
          refusal: undefined,
        }
        box.twins.set(property, twin)
        twinCount++
        mark(box, twin, now)
      }
      const told = twin.told
      if (!sameText(twin.text, text)) twin.refusal = undefined
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
      if (box.stateSince === undefined) waitingCount++
      box.stateSince ??= now
    },
    forgetTwin(device, property) {
      const box = boxes.get(device)
      const twin = box?.twins.get(property)
      if (box === undefined || twin === undefined) return
      box.dueAt = undefined
      unmark(box, twin)
      box.twins.delete(property)
      twinCount--
    },
    forget(device) {
      const box = boxes.get(device)
      if (box === undefined) return
      twinCount -= box.twins.size
      waitingCount -= box.waiting + (box.stateSince === undefined ? 0 : 1)
      boxes.delete(device)
    },
    next(now, room, busy) {
      let best: { device: Id; box: Box; rank: number } | undefined
      for (const [device, box] of boxes) {
        if (busy?.has(device) || boxDueAt(box) > now) continue
        if (box.stateSince !== undefined) {
          const rank = stateRank + box.stateSince
          if (best === undefined || rank < best.rank) best = { device, box, rank }
        }
        for (const twin of box.twins.values()) {
          if (dueAt(twin) > now) continue
          const value = rankOf(twin)
          if (best === undefined || value < best.rank) best = { device, box, rank: value }
        }
      }
      if (best === undefined) return undefined
      const { device, box } = best
      const isState = best.rank >= stateRank && best.rank < changeRank
      if (isState && box.state !== undefined) return { kind: 'state', device, state: box.state }
      return collect(device, box, now, Math.max(room, 2), best.rank >= refreshRank)
    },
    nextAt(now, busy) {
      let earliest = Infinity
      for (const [device, box] of boxes) {
        if (!busy?.has(device)) earliest = Math.min(earliest, boxDueAt(box))
      }
      return earliest === Infinity ? undefined : Math.max(earliest, now)
    },
    told(dispatch, now) {
      if (!boxes.has(dispatch.device)) return
      const box = boxOf(dispatch.device)
      if (dispatch.kind === 'state') {
        if (box.state !== dispatch.state || box.stateSince === undefined) return
        box.stateSince = undefined
        waitingCount--
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
      if (boxes.has(dispatch.device)) boxOf(dispatch.device).notBefore = until
    },
    quarantine(device, property, reason, now) {
      const twin = boxes.get(device)?.twins.get(property)
      if (twin === undefined) return
      twin.told = undefined
      twin.refusal = { reason, until: now + settings.refreshMs }
      mark(boxOf(device), twin, now)
    },
    refreshAll(now) {
      for (const box of boxes.values()) {
        box.dueAt = undefined
        if (box.state !== undefined && box.stateSince === undefined) {
          box.stateSince = now
          waitingCount++
        }
        for (const twin of box.twins.values()) {
          if (twin.told !== undefined) twin.toldAt = Math.min(twin.toldAt, now - settings.refreshMs)
        }
      }
    },
    get size() {
      return { twins: twinCount, waiting: waitingCount }
    },
    lastTold: (device, property) => boxes.get(device)?.twins.get(property)?.told,
    explain(device, property, now) {
      const twin = boxes.get(device)?.twins.get(property)
      if (twin === undefined) return undefined
      let ahead = 0
      for (const box of boxes.values()) {
        for (const other of box.twins.values()) {
          if (twin.since !== undefined && dueAt(other) <= now && rankOf(other) < rankOf(twin))
            ahead++
        }
      }
      return explainTwin(twin, settings.refreshMs, ahead, now)
    },
    twins: (device) =>
      [...(boxes.get(device)?.twins ?? [])].map(([property, twin]) => ({
        property,
        text: twin.text,
      })),
  }
}
