/** One header field. Texts hold one byte per character (latin1), as they travel. */
export interface HeaderField {
  readonly name: string
  readonly value: string
}

const field = (name: string, value = ''): HeaderField => ({ name, value })

/** RFC 7541 appendix A; index 1 is the first. */
export const staticTable: readonly HeaderField[] = [
  field(':authority'),
  ...[field(':method', 'GET'), field(':method', 'POST')],
  ...[field(':path', '/'), field(':path', '/index.html')],
  ...[field(':scheme', 'http'), field(':scheme', 'https')],
  ...['200', '204', '206', '304', '400', '404', '500'].map((code) => field(':status', code)),
  field('accept-charset'),
  field('accept-encoding', 'gzip, deflate'),
  ...[
    ...['accept-language', 'accept-ranges', 'accept', 'access-control-allow-origin', 'age'],
    ...['allow', 'authorization', 'cache-control', 'content-disposition', 'content-encoding'],
    ...['content-language', 'content-length', 'content-location', 'content-range', 'content-type'],
    ...['cookie', 'date', 'etag', 'expect', 'expires', 'from', 'host', 'if-match'],
    ...['if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'last-modified'],
    ...['link', 'location', 'max-forwards', 'proxy-authenticate', 'proxy-authorization', 'range'],
    ...['referer', 'refresh', 'retry-after', 'server', 'set-cookie', 'strict-transport-security'],
    ...['transfer-encoding', 'user-agent', 'vary', 'via', 'www-authenticate'],
  ].map((name) => field(name)),
]

/**
 * RFC 7541 appendix B: the length in bits of the code of each byte and of EOS (256), one base 36
 * digit each, 32 to a line. The code is canonical, so its lengths are all there is to know.
 */
const codeLengths = [
  'dnsssssssoussussssssssusssssssss',
  '6aacd68baa8b8666555666666678f6ca',
  'd67777777777777777777777878djde6',
  'f56565666577666567655677777fbeds',
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnno',
  'mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn',
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrr',
  'koklmllnmmppooqnqrqqrrrrrsrrrrrq',
  'u',
].join('')

/** All codes of one length: they are consecutive, in the order of their symbols. */
interface CodeGroup {
  readonly firstCode: number
  readonly symbols: readonly number[]
}

/** The groups by length; a length that no code has gets an empty group. */
export const codeGroups: readonly CodeGroup[] = buildGroups()

/** The symbol that ends a text in theory, and of which in practice only the first bits may occur. */
export const endOfText = 256

function buildGroups(): CodeGroup[] {
  const lengths = Array.from(codeLengths, (digit) => Number.parseInt(digit, 36))
  const groups: CodeGroup[] = []
  let next = 0
  for (let length = 0; length <= Math.max(...lengths); length++) {
    const symbols = lengths.flatMap((bits, symbol) => (bits === length ? [symbol] : []))
    groups.push({ firstCode: next, symbols })
    next = (next + symbols.length) * 2
  }
  return groups
}
