import { MapperError, type Value } from '@mapper-sdk/core'

/**
 * The arguments of a method that a written value stands for: a JSON array has one entry each; any other
 * value is the only argument, or says "call it" if the method takes none.
 */
export function splitArguments(
  value: Value,
  isArray: readonly boolean[],
): readonly Value[] | MapperError {
  const count = isArray.length
  if (count === 0) return []
  const list = typeof value === 'string' ? listOf(value) : undefined
  if (count === 1) {
    // An only argument that is an array may be written without a second pair of brackets.
    const isWrapped = list?.length === 1 && (isArray[0] !== true || /^\s*\[/.test(String(list[0])))
    return isWrapped ? list : [value]
  }
  if (list?.length === count) return list
  return new MapperError(
    'rejected',
    list === undefined
      ? `the method takes ${count} arguments: write them as a JSON array, such as ["a", 1]`
      : `the method takes ${count} arguments, not ${list.length}`,
  )
}

/** Texts stay texts; numbers, arrays and the like are given on as they were written. */
function listOf(text: string): readonly Value[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    if (!Array.isArray(parsed)) return undefined
    return parsed.map((entry: unknown) => {
      if (typeof entry === 'string' || typeof entry === 'boolean') return entry
      if (typeof entry === 'number') return Number.isSafeInteger(entry) ? entry : String(entry)
      return JSON.stringify(entry)
    })
  } catch {
    return undefined
  }
}
