import type { ModbusLink } from '../link/link.ts'

/** Opens a link to `where`. Rejects with the reason if that is not possible. */
export type OpenLink<L> = (where: L, signal: AbortSignal) => Promise<ModbusLink>

/** One open link at a time. */
export interface KeptLink<L> {
  /** The link to `where`: the one that is open if it is still good, else a new one. */
  to(where: L, signal: AbortSignal): Promise<ModbusLink>
  close(): Promise<void>
}

/**
 * A search asks what may not be there, and a link that was met with silence too often gives up. It is
 * opened again then; whoever searches has an end of his own. Different places are told by identity.
 */
export function keepLink<L>(open: OpenLink<L>): KeptLink<L> {
  let kept: { readonly where: L; readonly link: ModbusLink } | undefined
  const close = async () => {
    const { link } = kept ?? {}
    kept = undefined
    await link?.close()
  }
  return {
    async to(where, signal) {
      if (kept !== undefined && kept.where === where && kept.link.failed === undefined) {
        return kept.link
      }
      // A serial port can be open only once.
      await close()
      const link = await open(where, signal)
      kept = { where, link }
      return link
    },
    close,
  }
}
