import type { Behaviour } from './version.ts'

/** Why something that was answered with OK never showed up. */
export type DropReason =
  | 'illegal-name'
  | 'illegal-value'
  | 'illegal-observed-desired'
  | 'unroutable'
  | 'unknown-device'
  | 'unknown-property'
  | 'unknown-state'
  | 'wrong-type'
  | 'cloud-offline'
  | 'first-report'
  | 'not-in-status'
  | 'overwritten'
  | 'queue-full'
  | 'edgecore-ended'

// The letters that EdgeCore admits in names and values of twins. Its pattern has `-_` before `.`.
const nameRule = /^[a-zA-Z0-9\-_.,:/@#]{1,128}$/
const valueRule = /^[a-zA-Z0-9\-_.,:/@#]{1,512}$/

export const isLegalTwinName = (name: string): boolean => nameRule.test(name)
export const isLegalTwinValue = (value: string): boolean => value === '' || valueRule.test(value)

/** Why EdgeCore drops a twin that is written so, after it said OK. Each twin stands for itself. */
export function twinDrop(
  name: string,
  reported: string,
  observedDesired: string,
): DropReason | undefined {
  if (!isLegalTwinName(name)) return 'illegal-name'
  if (!isLegalTwinValue(reported)) return 'illegal-value'
  return isLegalTwinValue(observedDesired) ? undefined : 'illegal-observed-desired'
}

const states = new Set(['online', 'offline', 'ok', 'unknown', 'unhealthy'])
const earlierStates = new Set(['online', 'offline', 'ok', 'unknown', 'disconnected'])
/** Whether EdgeCore takes it; up to 1.17 the names were not quite the same. */
export const isState = (behaviour: Pick<Behaviour, 'states'>, state: string): boolean =>
  (behaviour.states === 'unimplemented' ? earlierStates : states).has(state.toLowerCase())
export const isOnline = (state: string): boolean => ['online', 'ok'].includes(state.toLowerCase())

/**
 * EdgeCore looks for the namespace's text from the start of the topic; one that is part of
 * `$hw/events/device/` is found too early, and the message goes nowhere.
 */
export const isUnroutable = (
  behaviour: Pick<Behaviour, 'unroutableBy'>,
  namespace: string,
  name: string,
): boolean =>
  '$hw/events/device/'.includes(behaviour.unroutableBy === 'namespace' ? namespace : name)
