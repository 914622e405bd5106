/** Words that YAML takes for something else than a text. */
const yamlWords = /^(?:true|false|null|yes|no|on|off|y|n|e-?\d+)$/i

/** Why npm or a file system would not take this as the name of a package, or undefined. */
export function packageNameProblem(name: string): string | undefined {
  const legal = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/
  if (legal.test(name) && name.length <= 100 && plainName(name) !== 'node_modules') return undefined
  return (
    `the name ${JSON.stringify(name)} is no name of a package: write small letters, digits, "-", "_" ` +
    'and ".", beginning with a letter or digit, at most 100 characters, as in my-mapper or @acme/my-mapper'
  )
}

/**
 * Why this should not be a protocolName, or undefined. Narrower than the alphabet of EdgeCore: the name
 * also stands in names of files, in YAML and on command lines.
 */
export function protocolNameProblem(name: string): string | undefined {
  const isLegal = /^[a-zA-Z][a-zA-Z0-9._-]{0,62}$/.test(name)
  if (isLegal && !yamlWords.test(name)) return undefined
  return (
    `the protocol ${JSON.stringify(name)} is no name for one: write letters, digits, "-", "_" and ".", ` +
    'beginning with a letter, at most 63 characters, and no word such as true or e1'
  )
}

/** Without the scope. */
export const plainName = (name: string): string => name.replace(/^@[^/]*\//, '')

/** A protocolName for a mapper with this name. */
export function usualProtocolName(name: string): string {
  const short = plainName(name).replace(/[._-]?mapper$/, '')
  return protocolNameProblem(short) === undefined ? short : 'my-protocol'
}
