import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import {
  MapperError,
  silentLogger,
  type LogFn,
  type Memory,
  type RawConfig,
} from '@mapper-sdk/core'
import { connectContext } from '@mapper-sdk/core/testing'
import { afterAll, expect } from 'vitest'
import { never, protocolOf, shown, visitorOf } from './driver.suite.ts'
import { opcuaDriver } from './driver.ts'
import { createMaker } from './pki/certificates.suite.ts'
import { trust } from './pki/trust-list.ts'

/** What no log line and no error may hold. */
export const planted = 'planted-5ecret'

/** A PKI folder with one key for all tests of a file, and a user's certificate. */
export async function createSecureRig() {
  const scratch = await mkdtemp(path.join(tmpdir(), 'opcua-secure-'))
  afterAll(() => rm(scratch, { recursive: true, force: true }))
  const pki = path.join(scratch, 'pki')
  const maker = await createMaker()
  const said: string[] = []
  const keep: LogFn = (...words: unknown[]) => void said.push(inspect(words, { depth: 9 }))
  const opened: { readonly policy?: string; readonly mode?: string; readonly server?: string }[] =
    []
  const logger = {
    ...{ ...silentLogger, info: keep, warn: keep, error: keep },
    debug: (...words: unknown[]) => {
      keep(...(words as [string]))
      if (words[1] === 'session opened') opened.push(words[0] as object)
    },
    child: () => logger,
  } as typeof silentLogger

  const file = async (name: string, content: string | Uint8Array, mode = 0o600) => {
    const target = path.join(scratch, name)
    await writeFile(target, content, { mode })
    return target
  }
  const certificate = async (
    name: string,
    days: { readonly from?: number; readonly to?: number } = {},
  ) => {
    // The maker's clock is years ahead of ours.
    const { certificate: made, keyPem } = await maker.make({ name, from: -3_000, ...days })
    return {
      certificateFile: await file(`${name}.pem`, made.x509.toString(), 0o644),
      keyFile: await file(`${name}.key`, keyPem),
      thumbprint: made.thumbprint,
      pem: made.x509.toString(),
      keyPem,
    }
  }

  /** Connects, reads a node and leaves; answers what it read and how it was secured. */
  const visit = async (
    url: string,
    wishes: RawConfig,
    { node = 'nsu=urn:mapper-sdk:simulator;s=Scalars.Int32', memory = new Map() as Memory } = {},
  ) => {
    const protocol = protocolOf(url, { pkiFolder: pki, ...wishes })
    const connection = await opcuaDriver
      .connect(protocol, connectContext({ signal: never, logger, memory }))
      .catch((thrown: unknown) => {
        said.push(inspect(thrown, { depth: 9 }))
        throw thrown
      })
    try {
      const values = shown(await connection.read(protocol, [visitorOf(node)], never))
      const { policy, mode, server } = opened.at(-1) ?? {}
      return { value: values[0], how: `${policy}/${mode}`, server }
    } finally {
      await connection.close()
    }
  }
  const refused = async (...given: Parameters<typeof visit>): Promise<string> => {
    try {
      await visit(...given)
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(MapperError)
      return (thrown as MapperError).message
    }
    throw new Error('it was let in')
  }
  return {
    ...{ pki, scratch, said, file, certificate, visit, refused },
    trust: async (der: Uint8Array) => trust(pki, await file('server.der', der)),
    /** Connects in vain first, which leaves the certificate in the folder of the rejected ones. */
    trustByThumbprint: async (url: string) => {
      const message = await refused(url, { securityPolicy: 'auto' })
      const thumbprint = /mapper opcua trust ([0-9A-F]{40}) --pki/.exec(message)?.[1]
      if (thumbprint === undefined) throw new Error(message)
      await trust(pki, thumbprint)
    },
  }
}

export const channels = [
  ['None', 'None'] as const,
  ...(['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const).flatMap(
    (policy) => (['Sign', 'SignAndEncrypt'] as const).map((mode) => [policy, mode] as const),
  ),
]
