import type { MapperView } from '../view.ts'

/** Why the mapper cannot do its work now; empty: it can. Silent devices are no reason: they are its work. */
export function reasonsNotReady(view: MapperView | undefined, isStopping: boolean): string[] {
  if (isStopping) return ['The mapper is stopping.']
  if (view === undefined) return ['The mapper is starting.']
  const { link, reason } = view.edge
  if (link === 'registered') return []
  if (link === 'up') return ['The mapper is connected to EdgeCore and not registered yet.']
  return [`The link to EdgeCore is down${reason === undefined ? '.' : `: ${reason}`}`]
}
