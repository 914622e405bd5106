import type { Clock, Id } from '@mapper-sdk/core'
import type { CloudView, ReportedTwin } from './cloud.ts'
import type { Emit } from './event.ts'

/** The way to the cloud, as EdgeCore sees it. */
export interface CloudUplink {
  isUp(): boolean
  /** The twins of one message. */
  twins(id: Id, twins: readonly ReportedTwin[], wallMs: number): void
  state(id: Id, state: string): void
}

/** What CloudCore does with what arrives from the node. */
export function createUplink(options: {
  readonly view: CloudView
  readonly isUp: () => boolean
  readonly clock: Clock
  readonly emit: Emit
  /** A patch changed the status of a device. */
  readonly statusChanged: (id: Id) => void
}): CloudUplink {
  const { view, isUp, clock, emit, statusChanged } = options
  return {
    isUp,
    twins(device, twins, wallMs) {
      const dropped = view.reportTwins(device, { twins, wallMs, atMs: clock.wall() })
      let patched = false
      for (const { property } of twins) {
        const reason = dropped.get(property)
        if (reason !== undefined) emit({ type: 'drop', reason, device, property })
        if (reason !== undefined && reason !== 'first-report') continue
        emit({ type: 'cloud', device, property })
        patched = true
      }
      if (patched) statusChanged(device)
    },
    state(device, state) {
      const result = view.reportState(device, state, clock.wall())
      if (result === 'waits') return
      if (result !== undefined) return emit({ type: 'drop', reason: result, device })
      emit({ type: 'cloud', device, state })
      statusChanged(device)
    },
  }
}
