import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { execFileSync } from 'node:child_process'
import { MapperError } from '@mapper-sdk/core'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { certificates } from './certificates.suite.ts'
import { connectTcp } from './tcp-link.ts'
import type { TlsOptions } from './tls-connect.ts'
import { createBank, serveTcp, type SimulatedTls } from '../simulator/index.ts'

const made = certificates()
const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})
afterAll(() => made?.remove())

const never = new AbortController().signal
const patient = { timeoutMs: 10_000, signal: never }

describe.skipIf(made === undefined)('Modbus/TCP Security', () => {
  if (made === undefined) return
  const { issue, cert, key, text, write, fingerprint } = made
  issue('ca')
  issue('other-ca')
  issue('device', { by: 'ca', names: 'DNS:plc.example,IP:127.0.0.1', days: 365 })
  issue('elsewhere', { by: 'ca', names: 'DNS:pump.example' })
  issue('nameless', { by: 'ca' })
  issue('old', { by: 'ca', names: 'IP:127.0.0.1', days: -1 })
  issue('ending', { by: 'ca', names: 'IP:127.0.0.1', days: 9 })
  issue('selfmade')
  issue('mapper', { by: 'ca' })
  issue('stranger', { by: 'other-ca' })
  const caFile = cert('ca')
  const client = (name: string) => ({ certFile: cert(name), keyFile: key(name) })

  async function serve(name: string, more: Partial<SimulatedTls> = {}) {
    const bank = createBank()
    bank.setRegister('holding', 7, 77)
    const tls = { cert: text(cert(name)), key: text(key(name)), ...more }
    const simulator = await serveTcp(bank, { tls })
    cleanUp.push(() => simulator.close())
    return simulator
  }

  async function connect(port: number, tls: TlsOptions, more: { readonly host?: string } = {}) {
    const warnings: string[] = []
    const link = await connectTcp(
      {
        host: '127.0.0.1',
        port,
        connectTimeoutMs: 5000,
        tls: { onWarning: (sentence) => warnings.push(sentence), ...tls },
        ...more,
      },
      never,
    )
    cleanUp.push(() => link.close())
    return { link, warnings }
  }
  /** The value of a register that holds 77, or the message of what went wrong. */
  async function reading(port: number, tls: TlsOptions, host?: string): Promise<unknown> {
    try {
      const { link } = await connect(port, tls, host === undefined ? {} : { host })
      const answer = await link.read(1, 'holding', 7, 1, patient)
      return answer.ok && Buffer.from(answer.data).readUInt16BE(0)
    } catch (thrown) {
      if (thrown instanceof MapperError) return thrown.message
      throw thrown
    }
  }

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'reads over %s, with the roles of both certificates in them',
    async (maxVersion) => {
      expect(
        execFileSync('openssl', ['x509', '-noout', '-text', '-in', cert('mapper')]).toString(),
      ).toContain('1.3.6.1.4.1.50316.802.1')
      const simulator = await serve('device', { maxVersion, clientCa: text(caFile) })
      const { link, warnings } = await connect(simulator.port, { caFile, ...client('mapper') })
      for (let round = 0; round < 20; round++) {
        expect(await link.read(1, 'holding', 7, 1, patient)).toEqual({
          ok: true,
          data: Buffer.of(0, 77),
        })
      }
      expect((await link.writeRegisters(1, 7, Buffer.of(0, 78), patient)).ok).toBe(true)
      expect(warnings).toEqual([])
      await link.close()
      await expect.poll(() => simulator.connections).toBe(0)
    },
  )

  describe('the certificate of the server', () => {
    it('may have its name said by the configuration', async () => {
      const { port } = await serve('device')
      expect(await reading(port, { caFile, serverName: 'plc.example' })).toBe(77)
      expect(await reading(port, { caFile, serverName: '127.0.0.1' })).toBe(77)
    })
    it('has to be for the host', async () => {
      const { port } = await serve('elsewhere')
      expect(await reading(port, { caFile })).toMatch(
        /^\[access_denied\] the certificate of 127.0.0.1:\d+ is not for 127.0.0.1, but for pump.example; set serverName/,
      )
      expect(await reading(port, { caFile }, 'localhost')).toMatch(/is not for localhost, but for/)
      const { port: other } = await serve('nameless')
      expect(await reading(other, { caFile, serverName: 'plc.example' })).toMatch(
        /is not for plc.example, but for nameless/,
      )
    })
    it('has to be signed by whom the configuration trusts', async () => {
      const { port } = await serve('device')
      const trouble = `is not signed by caFile ${cert('other-ca')} `
      const message = await reading(port, { caFile: cert('other-ca') })
      expect(message).toContain('[access_denied]')
      expect(message).toContain(trouble)
      expect(message).toContain(`(SHA-256 ${fingerprint('device')})`)
      expect(await reading(port, {})).toMatch(/is not signed by an authority that Node.js knows/)
    })
    it('must not have expired', async () => {
      const { port } = await serve('old')
      expect(await reading(port, { caFile })).toMatch(
        /^\[access_denied\] the certificate of .* expired on \d{4}-\d\d-\d\d; renew it on the device/,
      )
    })
    it('is warned about when it will soon expire', async () => {
      const { port } = await serve('ending')
      const { warnings } = await connect(port, { caFile })
      expect(warnings).toHaveLength(1)
      expect(warnings[0]).toMatch(/^the certificate of .* expires on \d{4}-\d\d-\d\d; renew it$/)
    })
    it.each(['selfmade', 'old', 'elsewhere'])(
      'is enough by its fingerprint alone: %s',
      async (name) => {
        const { port } = await serve(name)
        const pin = fingerprint(name)
        for (const serverFingerprint of [pin, pin.toLowerCase(), pin.replaceAll(':', '')]) {
          expect(await reading(port, { serverFingerprint })).toBe(77)
        }
      },
    )
    it('must be the one of the fingerprint, whoever signed it', async () => {
      const { port } = await serve('device')
      const serverFingerprint = fingerprint('selfmade')
      for (const tls of [{ serverFingerprint }, { serverFingerprint, caFile }]) {
        const message = await reading(port, tls)
        expect(message).toContain('[access_denied]')
        expect(message).toContain(`has the fingerprint ${fingerprint('device')}, which is not that`)
      }
    })
    it('has to pass both where both are asked for', async () => {
      const { port } = await serve('device')
      const serverFingerprint = fingerprint('device')
      expect(await reading(port, { serverFingerprint, caFile })).toBe(77)
      expect(await reading(port, { serverFingerprint, caFile: cert('other-ca') })).toMatch(
        /is not signed by/,
      )
    })
  })

  describe('the certificate of the mapper', () => {
    it.each(['TLSv1.2', 'TLSv1.3'] as const)('is needed where it is asked for: %s', async (max) => {
      const { port } = await serve('device', { maxVersion: max, clientCa: text(caFile) })
      expect(await reading(port, { caFile })).toMatch(
        /^\[access_denied\] .* refuses the mapper \(.*alert.*\); give it a client certificate/,
      )
      expect(await reading(port, { caFile, ...client('stranger') })).toMatch(
        /^\[access_denied\] .* refuses the mapper|^\[unreachable\]/,
      )
      expect(await reading(port, { caFile, ...client('mapper') })).toBe(77)
    })
    it('and its key are warned about when others can read it or it expires', async () => {
      const { port } = await serve('device')
      const open = write('open.key', text(key('ending')), 0o644)
      chmodSync(open, 0o644)
      const tls = { caFile, certFile: cert('ending'), keyFile: open }
      const { warnings } = await connect(port, tls)
      expect(warnings).toEqual([
        `keyFile ${open} is open to every user of this machine (mode 0644); make it 0600`,
        expect.stringMatching(/^certFile .*ending.pem expires on .*; renew it$/),
      ])
      chmodSync(open, 0o640)
      expect((await connect(port, tls)).warnings).toHaveLength(1)
    })
    it('and the authorities are read anew for every connection', async () => {
      const { port } = await serve('device', { clientCa: text(caFile) })
      const files = {
        caFile: write('now-ca.pem', text(cert('other-ca'))),
        certFile: write('now.pem', text(cert('stranger'))),
        keyFile: write('now.key', text(key('stranger'))),
      }
      expect(await reading(port, files)).toMatch(/is not signed by caFile/)
      copyFileSync(caFile, files.caFile)
      expect(await reading(port, files)).toMatch(/refuses the mapper|unreachable/)
      copyFileSync(cert('mapper'), files.certFile)
      expect(await reading(port, files)).toMatch(
        /^\[invalid_config\] keyFile .* is not the key of certFile /,
      )
      copyFileSync(key('mapper'), files.keyFile)
      expect(await reading(port, files)).toBe(77)
    })
  })

  describe('a file', () => {
    const folder = write('a-folder', '').replace(/a-folder$/, 'folder')
    mkdirSync(folder)
    const nonsense = write('nonsense.pem', 'no certificate')
    const broken = write(
      'broken.pem',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    )
    const locked = made.key('locked')
    execFileSync(
      'openssl',
      ['ec', '-aes128', '-passout', 'pass:x', '-in', key('mapper'), '-out', locked],
      { stdio: 'pipe' },
    )
    const secret = write('secret.key', 'planted secret')
    const [certFile, keyFile] = [cert('mapper'), key('mapper')]
    it.each<[string, TlsOptions, RegExp]>([
      ['that is not there', { caFile: '/not/there.pem' }, /caFile \/not\/there.pem does not exist/],
      ['that is a folder', { caFile: folder }, /caFile .*folder is no file/],
      [
        'that is a device',
        { caFile: '/dev/zero' },
        /caFile \/dev\/zero lies where no device may name a file/,
      ],
      ['by a relative path', { caFile: 'ca.pem' }, /caFile ca.pem is no absolute path/],
      ['without a certificate', { caFile: nonsense }, /caFile .* holds no certificate/],
      ['with a broken certificate', { caFile: broken }, /caFile .* cannot be read/],
      ['without its key', { certFile }, /keyFile is missing, but needed with certFile/],
      ['without its certificate', { keyFile }, /certFile is missing, but needed with keyFile/],
      ['that is no key', { certFile, keyFile: secret }, /keyFile .* holds no private key/],
      ['that is locked', { certFile, keyFile: locked }, /keyFile .* is locked by a passphrase/],
      ['of another pair', { certFile, keyFile: key('ca') }, /is not the key of certFile/],
    ])('%s is named', async (_, tls, problem) => {
      // Before anything is connected: there is no server at this port.
      const message = await reading(1, tls)
      expect(message).toMatch(/^\[invalid_config\] /)
      expect(message).toMatch(problem)
      expect(message).not.toContain('planted')
    })
    it('is read only where a device may name one', async () => {
      vi.stubEnv('MAPPER_FILES', folder)
      try {
        for (const tls of [{ caFile }, { certFile, keyFile }]) {
          expect(await reading(1, tls)).toMatch(
            /^\[invalid_config\] (ca|cert)File \S+ lies in no folder .* put it into \S+folder, or add/,
          )
        }
      } finally {
        vi.unstubAllEnvs()
      }
      expect(await reading(1, { certFile, keyFile, own: { ownFiles: [keyFile] } })).toMatch(
        /keyFile \S+ is the mapper's own/,
      )
    })
    it('that may not be read is named, and who would read it', async () => {
      const hidden = write('hidden.pem', text(caFile), 0o000)
      // Root may read everything, so for this test it is somebody else.
      const { geteuid, seteuid } = process
      if (geteuid?.() === 0 && seteuid !== undefined) {
        seteuid(65_534)
        cleanUp.push(() => seteuid(0))
      }
      expect(await reading(1, { caFile: hidden })).toMatch(
        /^\[access_denied\] caFile .*hidden.pem cannot be read by this process \(user [1-9]\d*\)/,
      )
    })
  })

  describe('a server without TLS 1.2', () => {
    it('that is silent is a timeout, one that hangs up is unreachable', async () => {
      let hangUp = false
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        if (hangUp) socket.destroy()
        cleanUp.push(() => socket.destroy())
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      cleanUp.push(() => server.close())
      const { port } = server.address() as AddressInfo
      const options = { host: '127.0.0.1', port, connectTimeoutMs: 60, tls: { caFile } }
      await expect(connectTcp(options, never)).rejects.toThrow(/^\[timeout\] no TLS connection to/)
      const stop = new AbortController()
      const pending = connectTcp({ ...options, connectTimeoutMs: 60_000 }, stop.signal)
      setImmediate(() => stop.abort())
      await expect(pending).rejects.toThrow(/^\[canceled\]/)
      hangUp = true
      expect(await reading(port, { caFile })).toMatch(/^\[unreachable\]/)
    })
    it('is told apart: plain Modbus', async () => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.on('data', () => socket.write(Buffer.from('000100000003018302', 'hex')))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      cleanUp.push(() => server.close())
      const { port } = server.address() as AddressInfo
      expect(await reading(port, { caFile })).toMatch(/^\[unreachable\] .* does not answer in TLS/)
    })
    it('is told apart: TLS 1.1', async () => {
      const server = createTlsServer({
        cert: text(cert('device')),
        key: text(key('device')),
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      cleanUp.push(() => server.close())
      const { port } = server.address() as AddressInfo
      expect(await reading(port, { caFile })).toMatch(/^\[access_denied\] .* no TLS 1.2 or newer/)
    })
    it('a port where nothing listens is unreachable', async () => {
      const simulator = await serve('device')
      await simulator.close()
      expect(await reading(simulator.port, { caFile })).toMatch(/^\[unreachable\]/)
    })
  })
})
