import { MapperError } from '@mapper-sdk/core'
import { serviceResultOf } from './failure.ts'
import type { OpcuaLink } from './link.ts'

/**
 * Asks for all items at once. Some servers refuse a whole request for one item that they do not
 * understand, or for an answer that gets too large: halves tell which, and the others have their answers.
 * Rejects with all else that `ask` rejects with, and when the link is in trouble.
 */
export async function askInHalves<T, A>(
  link: OpcuaLink,
  items: readonly T[],
  ask: (items: readonly T[]) => Promise<readonly A[]>,
): Promise<readonly (A | MapperError)[]> {
  if (items.length === 0) return []
  try {
    const answers = await ask(items)
    return items.map((_, index) => answers[index] ?? leftOut())
  } catch (thrown) {
    const error = MapperError.from(thrown)
    const isRefusal = serviceResultOf(error.cause) !== undefined && link.trouble === undefined
    if (!isRefusal) throw error
    if (items.length === 1) return [error]
    const middle = Math.ceil(items.length / 2)
    return [
      ...(await askInHalves(link, items.slice(0, middle), ask)),
      ...(await askInHalves(link, items.slice(middle), ask)),
    ]
  }
}

const leftOut = () => new MapperError('bad_data', 'the server left out an answer')
