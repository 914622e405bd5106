import { isIPv4 } from 'node:net'

/** Whether an address to listen on admits nobody but this machine. */
export const isLoopback = (address: string): boolean =>
  address === 'localhost' || address === '::1' || (isIPv4(address) && address.startsWith('127.'))

/**
 * Whether a request is meant for us, by its Host header. A page in somebody's browser can have its own
 * name resolve to 127.0.0.1 and then read what only this machine may (DNS rebinding); the Host header
 * still tells the name of the page. Beyond loopback we cannot know our own names: any is taken, unless
 * some are listed.
 */
export function createHostCheck(address: string, hosts: readonly string[]) {
  const listed = new Set(hosts.map((host) => host.toLowerCase()))
  const isLocal = isLoopback(address)
  if (!isLocal && listed.size === 0) return () => true
  return (header: string | undefined): boolean => {
    const [, bracketed, plain] =
      /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(header ?? '') ?? []
    const host = (bracketed ?? plain ?? '').toLowerCase()
    if (host === '') return false
    return (isLocal ? isLoopback(host) : host === address) || listed.has(host)
  }
}
