import type { Identification } from '../identify/identification.ts'

/** What a device says of itself as names and texts, in the order of the protocol. */
export function identityTexts({
  objects = {},
  ...said
}: Identification): ReadonlyMap<string, string> {
  const named = Object.entries(said).map(([name, what]) => [name, String(what)] as const)
  const others = Object.entries(objects).map(([id, text]) => [`object ${id}`, text] as const)
  return new Map([...named, ...others])
}
