import { MapperError } from './errors.ts'

/** The outcomes of a driver, one for each item asked; anything else is a bug of the driver. */
export function expectLength<T>(outcomes: readonly T[], asked: readonly unknown[]): readonly T[] {
  if (outcomes?.length === asked.length) return outcomes
  throw new MapperError(
    'internal',
    `the driver answered ${outcomes?.length ?? 'no'} outcomes to ${asked.length} items; it must answer one each`,
  )
}
