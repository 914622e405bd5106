/**
 * What EdgeCore lets through in names and values of twins. Anything else it drops without a word,
 * and with it the whole twin.
 */
export const alphabetText = 'A-Z a-z 0-9 - _ . , : / @ #'
export const longestName = 128
export const longestValue = 512

const legalName = /^[a-zA-Z0-9\-_.,:/@#]{1,128}$/
const legalValue = /^[a-zA-Z0-9\-_.,:/@#]{0,512}$/

/** EdgeCore reports a property only if its name is made of these characters. */
export const isLegalName = (name: string): boolean => legalName.test(name)

/** EdgeCore silently drops a twin whose value is not of this alphabet. The empty text is legal. */
export const isLegalValue = (text: string): boolean => legalValue.test(text)
