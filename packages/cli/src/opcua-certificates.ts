import { MapperError } from '@mapper-sdk/core'
import {
  dayOf,
  daysLeft,
  describeCertificate,
  listCertificates,
  pkiFolderIn,
  trust,
  untrust,
} from '@mapper-sdk/opcua/commission'
import path from 'node:path'
import type { CommandIo } from './command-io.ts'
import { certificateJson } from './opcua-discover.ts'

type StoredCertificate = Awaited<ReturnType<typeof listCertificates>>[number]

/** From so many days before its end on, people are told. */
const warnDays = 30

/** The folder of certificates that flags name: itself, or by the configuration file of the mapper. */
export async function pkiFolderOf(flags: {
  readonly pki?: string
  readonly config?: string
}): Promise<string> {
  const { pki, config: file } = flags
  if (pki !== undefined && file !== undefined) throw wrong('--pki and --config: keep one of them')
  if (pki !== undefined) return path.resolve(pki)
  if (file === undefined) {
    throw wrong(
      'which certificates? Add --pki FOLDER, as in the log of the mapper, or --config FILE',
    )
  }
  const { readConfigFile } = await import('@mapper-sdk/core/main')
  const { config } = await readConfigFile(file)
  if (config.state_dir !== undefined) return path.resolve(pkiFolderIn(config.state_dir))
  throw wrong(`${file} has no state_dir, so the mapper keeps no certificates; set it, or add --pki`)
}

/** Prints what is in a folder of certificates. Resolves with whether all of it is in order. */
export async function printCertificates(
  folder: string,
  { json, now = Date.now() }: { readonly json: boolean; readonly now?: number },
  { out, err }: Pick<CommandIo, 'out' | 'err'>,
): Promise<boolean> {
  const stored = await listCertificates(folder)
  for (const each of stored) {
    out.write(json ? `${JSON.stringify(jsonOf(each, folder, now))}\n` : textOf(each, folder, now))
  }
  if (stored.length === 0) err.write(`no certificate in ${folder}\n`)
  const troubles = stored
    .filter(({ room }) => room !== 'rejected')
    .map((each) => troubleOf(each, now))
  return troubles.every((trouble) => trouble === undefined)
}

/** Trusts a certificate and says which. */
export async function trustCertificate(
  folder: string,
  thumbprintOrFile: string,
  { out }: Pick<CommandIo, 'out'>,
): Promise<void> {
  const certificate = await trust(folder, thumbprintOrFile)
  const { validTo } = certificate
  out.write(`trusted: ${describeCertificate(certificate)}, valid to ${dayOf(validTo)}\n`)
}

/** Trusts a certificate no longer and says which. */
export async function untrustCertificate(
  folder: string,
  thumbprint: string,
  { out }: Pick<CommandIo, 'out'>,
): Promise<void> {
  out.write(`no longer trusted: ${describeCertificate(await untrust(folder, thumbprint))}\n`)
}

function textOf(stored: StoredCertificate, folder: string, now: number): string {
  const { room, file, certificate, problem } = stored
  const where = path.relative(folder, file)
  if (certificate === undefined) return `${room.padEnd(8)}  ${where}\n          – ${problem}\n`
  const { subject, thumbprint, validFrom, validTo } = certificate
  const trouble = troubleOf(stored, now)
  const times = `valid from ${dayOf(validFrom)} to ${dayOf(validTo)}`
  return `${room.padEnd(8)}  ${thumbprint}  "${subject}"\n          ${times}${trouble === undefined ? '' : ` – ${trouble}`}\n`
}

function jsonOf(stored: StoredCertificate, folder: string, now: number) {
  const { room, file, certificate, problem } = stored
  const trouble = problem ?? troubleOf(stored, now)
  return {
    ...{ room, file: path.relative(folder, file) },
    ...(certificate && certificateJson(certificate)),
    ...(trouble !== undefined && { problem: trouble }),
  }
}

/** What somebody has to do something about, soon. */
function troubleOf({ certificate, problem, room }: StoredCertificate, now: number) {
  if (certificate === undefined) return problem
  const { validFrom, validTo } = certificate
  if (now < validFrom) return `not valid before ${dayOf(validFrom)}; is the clock right?`
  if (now > validTo) return `expired on ${dayOf(validTo)}`
  const left = daysLeft(validTo, now)
  if (left >= warnDays) return undefined
  const fix = room === 'own' ? 'the mapper renews it when it connects' : 'get the new one in time'
  return `expires in ${left} days; ${fix}`
}

const wrong = (detail: string) => new MapperError('invalid_config', detail)
