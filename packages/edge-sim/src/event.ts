import type { Id } from '@mapper-sdk/core'
import type { FolderIssue } from './folder.ts'
import type { DropReason } from './rules.ts'
import type { TwinRefusal } from './twin-update.ts'

/** Why a message of the broker was not taken. */
export type MqttRefusal = TwinRefusal | 'unknown-state' | 'unroutable'

/** Something that happened in the stand-in. Much of it is what a mapper cannot see. */
export type EdgeSimEvent =
  | {
      readonly type: 'call'
      readonly method: 'MapperRegister' | 'ReportDeviceStatus' | 'ReportDeviceStates'
      /** The device, or the mapper's name. */
      readonly subject: string
      readonly outcome: 'ok' | 'refused' | 'crash'
      /** Twins in a report that was taken. */
      readonly twins?: number
      readonly message?: string
    }
  /** A message to EdgeCore over the broker. */
  | {
      readonly type: 'mqtt'
      readonly topic: string
      readonly device?: Id
      readonly outcome: 'ok' | 'refused' | 'crash'
      /** Twins in an update that was taken. */
      readonly twins?: number
      /** Set if it was refused. */
      readonly reason?: MqttRefusal
      readonly message?: string
    }
  /** A twin (or, without a property, a state) that was answered with OK and is gone. */
  | {
      readonly type: 'drop'
      readonly reason: DropReason
      readonly device: Id
      readonly property?: string
    }
  /** A twin or a state changed in the cloud. */
  | {
      readonly type: 'cloud'
      readonly device: Id
      readonly property?: string
      readonly state?: string
    }
  | {
      readonly type: 'downstream'
      readonly method: string
      readonly id: Id
      readonly protocol: string
      readonly outcome: 'ok' | 'failed'
      readonly message?: string
    }
  /** A device that EdgeCore cannot hand over: no model, or settings it cannot pack. */
  | { readonly type: 'undelivered'; readonly id: Id; readonly message: string }
  | { readonly type: 'crash'; readonly report: string; readonly atMs: number }
  | { readonly type: 'edgecore'; readonly running: boolean }
  /** EdgeCore's event bus has its broker and its subscriptions, or lost them. */
  | { readonly type: 'eventbus'; readonly connected: boolean }
  | { readonly type: 'link'; readonly up: boolean }
  | { readonly type: 'folder'; readonly issues: readonly FolderIssue[] }

/** Takes part in what happens; never throws. */
export type Emit = (event: EdgeSimEvent) => void
