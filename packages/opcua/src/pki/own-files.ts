import { MapperError, type OwnPlaces } from '@mapper-sdk/core'
import { dayOf, daysLeft, parseCertificates } from './certificate.ts'
import { timeProblem } from './judge-certificate.ts'
import { checkKey, own, readPrivateKey, type OwnCertificate } from './own-certificate.ts'
import { readResourceFile, readResourceKey } from './read-file.ts'

/**
 * The mapper's own certificate and key as files of the user, read as they are now, so that replaced ones
 * count at the next connect. Rejects with `invalid_config` or `access_denied` that names the file.
 */
export async function ownFiles(
  files: { readonly certificateFile: string; readonly keyFile: string },
  options: {
    readonly applicationUri?: string | undefined
    readonly now: number
    readonly own?: OwnPlaces
  },
): Promise<OwnCertificate> {
  const { certificateFile, keyFile } = files
  const bytes = await readResourceFile('certificateFile', certificateFile, options.own)
  const [first, ...rest] = parseCertificates(bytes, `certificateFile ${certificateFile}`)
  const keyBytes = await readResourceKey('keyFile', keyFile, options.own)
  const key = readPrivateKey('keyFile', keyFile, keyBytes)
  const what = `certificateFile ${certificateFile} (thumbprint ${first.thumbprint})`
  checkKey(first, `certificateFile ${certificateFile}`, key, `keyFile ${keyFile}`)
  const outOfTime = timeProblem(first, options.now)
  if (outOfTime !== undefined) {
    throw new MapperError('invalid_config', `${what} ${outOfTime}; put a valid one in its place`)
  }
  const [named] = first.applicationUris
  if (named === undefined) {
    throw new MapperError(
      'invalid_config',
      `${what} names no application (a URI among its alternative names); OPC UA servers refuse it`,
    )
  }
  if (
    options.applicationUri !== undefined &&
    !first.applicationUris.includes(options.applicationUri)
  ) {
    throw new MapperError(
      'invalid_config',
      `${what} names the application "${named}", but applicationUri is "${options.applicationUri}"; leave applicationUri out`,
    )
  }
  const left = daysLeft(first.validTo, options.now)
  const warnings =
    left < 30 ? [`${what} expires on ${dayOf(first.validTo)}, in ${left} days; renew it`] : []
  return own(first, key, options.applicationUri ?? named, certificateFile, warnings, rest)
}
