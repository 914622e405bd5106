import { MapperError } from '@mapper-sdk/core'
import type { Table } from '../link/link.ts'
import type { TableRange } from '../read/plan.ts'

const place = '(coil|discrete|input|holding)\\s*:\\s*\\d{1,5}(\\s*-\\s*\\d{1,5})?'

/** What `readProtected` looks like; one text, because EdgeCore passes on no lists. */
export const protectedPattern = `^\\s*${place}(\\s*,\\s*${place})*\\s*$`

/** `holding:100-109, input:5` as ranges. Throws `invalid_config` for a range that is none. */
export function parseProtected(text: string | undefined): readonly TableRange[] {
  if (text === undefined) return []
  return text.split(',').map((part) => {
    const match = /^\s*([a-z]+)\s*:\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part)
    const [, table, from, to = from] = match ?? []
    const address = Number(from)
    const count = Number(to) - address + 1
    if (!isTable(table) || !(count > 0) || address + count > 0x10000) {
      throw new MapperError(
        'invalid_config',
        `readProtected: ${part.trim()} is no range; write holding:100-109, with addresses up to 65535`,
      )
    }
    return { table, address, count }
  })
}

const tables: readonly string[] = ['coil', 'discrete', 'input', 'holding'] satisfies Table[]
const isTable = (word: string | undefined): word is Table =>
  word !== undefined && tables.includes(word)
