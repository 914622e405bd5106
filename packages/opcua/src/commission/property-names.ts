/** Of the 128 characters that EdgeCore takes; what comes behind it tells names of one text apart. */
const longest = 120

/**
 * Names of properties from the names on the way to their nodes: the last one, with those before it where
 * it is not the only one of its name, and a number where nothing else tells them apart. Letters that
 * EdgeCore does not report become `_`. All are legal and unique; the same ways give the same names.
 */
export function propertyNames(ways: readonly (readonly string[])[]): readonly string[] {
  const parts = ways.map((way) => way.map(legal).filter((part) => part !== ''))
  const lengths = ways.map(() => 1)
  const nameAt = (index: number) =>
    (parts[index] ?? [])
      .slice(-(lengths[index] ?? 1))
      .join('.')
      .slice(-longest)
      .replace(/^[._-]+/, '') || 'node'
  for (let isLonger = true; isLonger;) {
    isLonger = false
    const alike = new Map<string, number[]>()
    ways.forEach((_, index) => {
      const name = nameAt(index)
      const group = alike.get(name)
      if (group === undefined) alike.set(name, [index])
      else group.push(index)
    })
    for (const group of alike.values()) {
      if (group.length < 2) continue
      for (const index of group) {
        if ((lengths[index] ?? 1) >= (parts[index]?.length ?? 0)) continue
        lengths[index] = (lengths[index] ?? 1) + 1
        isLonger = true
      }
    }
  }
  const taken = new Set(ways.map((_, index) => nameAt(index)))
  const given = new Set<string>()
  const next = new Map<string, number>()
  return ways.map((_, index) => {
    const name = nameAt(index)
    let unique = name
    let number = next.get(name) ?? 2
    while (given.has(unique) || (unique !== name && taken.has(unique))) {
      unique = `${name}_${number++}`
    }
    next.set(name, number)
    given.add(unique)
    return unique
  })
}

/** Accents are taken off letters; dots would look like the way to the node. */
const legal = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9-]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')

/** A name of a custom resource: lower case letters, digits and `-`, at most 63 of them. */
export const resourceName = (text: string): string =>
  legal(text)
    .toLowerCase()
    .replaceAll('_', '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '')
