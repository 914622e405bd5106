import { isMissingNode } from './status.ts'

const lasting: ReadonlySet<number> = new Set([
  0x801f_0000, // BadUserAccessDenied
  0x8035_0000, // BadAttributeIdInvalid
  0x8036_0000, // BadIndexRangeInvalid
  0x803a_0000, // BadNotReadable
])

/** Says of a node what will most likely be so in a second as well: it is missing, or not for us. */
export const isLasting = (status: number): boolean =>
  isMissingNode(status) || lasting.has((status & 0xffff_0000) >>> 0)
