/** What a device says of itself. Only what it told is there. */
export interface Identification {
  readonly vendor?: string
  /** The vendor's code for it. */
  readonly product?: string
  readonly revision?: string
  readonly url?: string
  readonly productName?: string
  readonly model?: string
  readonly application?: string
  /** Objects without a name of the protocol's, by number as `0x80`. */
  readonly objects?: Readonly<Record<string, string>>
  /** The device had more to say and did not come to an end. */
  readonly incomplete?: true
  /** What function 17 gives: the texts in it, and all of it as hex, because its layout is the vendor's. */
  readonly serverId?: string
  readonly serverIdHex?: string
  /** What seems to be the run indicator of function 17. */
  readonly running?: boolean
}

/** The objects of function 43/14 that the protocol names, by number. */
const names = [
  'vendor',
  'product',
  'revision',
  'url',
  'productName',
  'model',
  'application',
] as const

/** Names for what was read with 43/14. Empty texts are left out. */
export function nameObjects(texts: ReadonlyMap<number, string>): Identification {
  const told = [...texts].filter(([, text]) => text !== '').sort(([a], [b]) => a - b)
  const named = told.flatMap(([id, text]) => {
    const name = names[id]
    return name === undefined ? [] : [[name, text] as const]
  })
  const others = told
    .filter(([id]) => id >= names.length)
    .map(([id, text]) => [`0x${id.toString(16).padStart(2, '0')}`, text] as const)
  return {
    ...Object.fromEntries(named),
    ...(others.length > 0 && { objects: Object.fromEntries(others) }),
  }
}

/** One answer to 43/14. */
export interface ObjectList {
  readonly texts: ReadonlyMap<number, string>
  /** Where the device wants to be asked to go on. */
  readonly next: number | undefined
}

/** Reads what a link gives for 43/14; its form was checked there. */
export function objectsIn(data: Uint8Array): ObjectList {
  const texts = new Map<number, string>()
  for (let at = 4; at + 2 <= data.length; at += 2 + (data[at + 1] ?? 0)) {
    const id = data[at] ?? 0
    const bytes = data.subarray(at + 2, at + 2 + (data[at + 1] ?? 0))
    if (!texts.has(id)) texts.set(id, textOf(bytes))
  }
  // FF says that more follows; devices say 1 too.
  return { texts, next: data[1] === 0 ? undefined : data[2] }
}

/**
 * Reads the answer to function 17. Devices put the run indicator (00 or FF) behind an id of one byte, as
 * most do, or at the end.
 */
export function serverIdIn(data: Uint8Array): Identification {
  if (data.length === 0) return {}
  const isIndicator = (at: number) => data[at] === 0 || data[at] === 0xff
  const at = [1, data.length - 1].find((place) => place > 0 && isIndicator(place))
  const running = at === undefined ? undefined : data[at] === 0xff
  const rest = at === undefined ? data : data.filter((_, place) => place !== at)
  const serverId = printableIn(rest)
  return {
    ...(serverId !== '' && { serverId }),
    serverIdHex: Buffer.from(data).toString('hex'),
    ...(running !== undefined && { running }),
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Text as it is meant: devices fill up with NULs and spaces, and not all write UTF-8. */
function textOf(bytes: Uint8Array): string {
  let text
  try {
    text = utf8.decode(bytes)
  } catch {
    text = Buffer.from(bytes).toString('latin1')
  }
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim()
}

/** Two characters in a row are a text, one alone is a number that happens to look like one. */
const printableIn = (bytes: Uint8Array): string =>
  (
    Buffer.from(bytes)
      .toString('latin1')
      .match(/[ -~]{2,}/g) ?? []
  )
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .join(' ')
