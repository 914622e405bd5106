import { identificationType, longestPdu } from '../link/pdu.ts'
import type { BankIdentity } from './bank.ts'

/** The highest object of each level: basic, regular, extended. */
const highest: Readonly<Record<number, number>> = { 1: 0x02, 2: 0x7f, 3: 0xff }
const individual = 4

/** The answer to function 43/14, or an exception code. */
export function identification({ objects }: BankIdentity, pdu: Buffer): Buffer | number {
  if (objects === undefined || pdu[1] !== identificationType) return 1
  const level = pdu[2] ?? 0
  const from = pdu[3] ?? 0
  if (pdu.length !== 4 || level < 1 || level > individual) return 3
  const ids = [...objects.keys()].sort((a, b) => a - b)
  const last = ids.at(-1) ?? 0
  const conformity = 0x80 | (last > 0x7f ? 3 : last > 0x02 ? 2 : 1)
  if (level === individual && !objects.has(from)) return 2
  const most = level === individual ? from : (highest[level] ?? 0)
  // A stream that is to start where nothing is starts over.
  const start = objects.has(from) && from <= most ? from : 0
  const parts: Buffer[] = []
  let length = 7
  let next = 0
  for (const id of ids) {
    if (id < start || id > most) continue
    const text = Buffer.from(objects.get(id) ?? '')
    if (length + 2 + text.length > longestPdu) {
      next = id
      break
    }
    length += 2 + text.length
    parts.push(Buffer.of(id, text.length), text)
  }
  const more = next === 0 ? 0 : 0xff
  const head = [43, identificationType, level, conformity, more, next, parts.length / 2]
  return Buffer.concat([Buffer.from(head), ...parts])
}

/** The answer to function 17, or an exception code. */
export function serverId({ serverId: id, running = true }: BankIdentity): Buffer | number {
  if (id === undefined) return 1
  const bytes = typeof id === 'string' ? Buffer.from(id) : Buffer.of(id)
  return Buffer.of(17, bytes.length + 1, ...bytes, running ? 0xff : 0)
}
