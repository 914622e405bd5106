import type { Bond, ReadItem } from './plan.ts'

/** What a device taught by its refusals. Immutable: a new lesson makes a new object. */
export interface Knowledge {
  /** Where a request that came from below was refused, though both parts were answered. */
  readonly cuts: ReadonlySet<string>
  /** Ranges that are refused even alone; they are asked for alone, so that they spoil nothing else. */
  readonly alone: ReadonlySet<string>
  /** The request that was last met with silence; it is asked last, so that it holds up nothing else. */
  readonly late: string | undefined
}

export const nothingKnown: Knowledge = { cuts: new Set(), alone: new Set(), late: undefined }

export interface Lesson {
  readonly kind: 'cut' | 'alone' | 'answered' | 'late'
  readonly at: ReadItem
}

const place = ({ table, address }: ReadItem) => `${table} ${address}`
const range = ({ table, address, count }: ReadItem) => `${table} ${address}+${count}`

/** The same object if there is nothing new in it. */
export function learn(known: Knowledge, { kind, at }: Lesson): Knowledge {
  switch (kind) {
    case 'cut':
      return known.cuts.has(place(at))
        ? known
        : { ...known, cuts: new Set(known.cuts).add(place(at)) }
    case 'alone':
      return known.alone.has(range(at))
        ? known
        : { ...known, alone: new Set(known.alone).add(range(at)) }
    case 'answered': {
      if (!known.alone.has(range(at))) return known
      const alone = new Set(known.alone)
      alone.delete(range(at))
      return { ...known, alone }
    }
    case 'late':
      return known.late === place(at) ? known : { ...known, late: place(at) }
  }
}

export const bondOf =
  (known: Knowledge) =>
  (item: ReadItem): Bond => {
    if (known.alone.has(range(item))) return 'alone'
    return known.cuts.has(place(item)) ? 'cut' : 'free'
  }

export const isLate = (known: Knowledge, request: ReadItem): boolean =>
  known.late === place(request)
