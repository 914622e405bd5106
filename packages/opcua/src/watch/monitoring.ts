import type { EventFilter, MonitoredItemCreateRequestOptions, NodeId } from 'node-opcua-client'
import type { OpcuaVisitor } from '../config/visitor.ts'
import { attributeIds } from '../data/attribute-ids.ts'
import { rangeOf } from '../data/index-range.ts'
import type { Library } from '../library.ts'
import type { WatchedItem } from './subscription.ts'

const triggers = { status: 0, 'status-value': 1, 'status-value-timestamp': 2 } as const
/** Part 4, 7.22.2. */
const deadbandTypes = { none: 0, absolute: 1, percent: 2 } as const

/** What the server is asked to watch, and how closely. */
export function monitoring(
  visitor: OpcuaVisitor,
  nodeId: NodeId,
  everyMs: number,
  library: Library,
  eventFilter: EventFilter | undefined,
): MonitoredItemCreateRequestOptions {
  const { samplingIntervalMs, queueSize, discard } = visitor
  const filter = eventFilter ?? dataFilter(visitor, library)
  return {
    itemToMonitor: {
      nodeId,
      attributeId: eventFilter
        ? library.AttributeIds.EventNotifier
        : attributeIds[visitor.attribute],
      ...rangeOf(visitor),
    },
    monitoringMode: library.MonitoringMode.Reporting,
    requestedParameters: {
      samplingInterval: eventFilter ? 0 : (samplingIntervalMs ?? everyMs),
      queueSize: eventFilter ? Math.max(queueSize, eventQueueSize) : queueSize,
      discardOldest: discard === 'oldest',
      ...(filter && { filter }),
    },
  }
}

/** Events come in bursts, and none is the newest value of another. */
const eventQueueSize = 1_000

/** None where the standard's own default says the same: some servers know no filters at all. */
function dataFilter(visitor: OpcuaVisitor, library: Library) {
  const { trigger, serverDeadband, serverDeadbandPercent: percent } = visitor
  const deadband = serverDeadband ?? percent
  if (trigger === 'status-value' && deadband === undefined) return undefined
  const type =
    serverDeadband !== undefined ? 'absolute' : percent !== undefined ? 'percent' : 'none'
  return new library.DataChangeFilter({
    trigger: triggers[trigger],
    deadbandType: deadbandTypes[type],
    deadbandValue: deadband ?? 0,
  })
}

/** The item as it is for a server that refused its deadband; undefined if there is none. */
export function withoutDeadband(item: WatchedItem): WatchedItem | undefined {
  const { filter, ...parameters } = item.toCreate.requestedParameters ?? {}
  if (filter == null || item.toCreate.itemToMonitor?.attributeId === eventNotifier) return undefined
  return { ...item, toCreate: { ...item.toCreate, requestedParameters: parameters } }
}

const eventNotifier = 12
