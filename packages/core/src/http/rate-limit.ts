/** Allows each peer so many requests a second, and a burst of twice as many. Pure. */
export interface RateLimit {
  /** Takes `cost` requests from what the peer has left at `now` (ms); false: it has none left. */
  take(peer: string, now: number, cost?: number): boolean
}

/** Peers beyond this many are forgotten, the one that was heard longest ago first. */
const mostPeers = 1024

export function createRateLimit(perSecond: number): RateLimit {
  const burst = perSecond * 2
  const peers = new Map<string, { left: number; at: number }>()
  return {
    take(peer, now, cost = 1) {
      const known = peers.get(peer)
      // Deleted and set anew: the order of the map is then the order in which peers were heard.
      peers.delete(peer)
      const earned = known === undefined ? burst : ((now - known.at) * perSecond) / 1000
      const left = Math.min(burst, (known?.left ?? 0) + earned)
      const isAllowed = left >= 1
      // Debts are bounded, or a peer that guessed once too often would be locked out for hours.
      peers.set(peer, { left: isAllowed ? Math.max(-burst, left - cost) : left, at: now })
      const oldest = peers.size > mostPeers ? peers.keys().next().value : undefined
      if (oldest !== undefined) peers.delete(oldest)
      return isAllowed
    },
  }
}
