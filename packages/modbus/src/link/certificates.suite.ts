import { X509Certificate } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The role of Modbus/TCP Security, and a role in it. */
const role = '1.3.6.1.4.1.50316.802.1=ASN1:UTF8String:Operator'

export interface Issue {
  /** Who signs it: a name that was issued before. Left out: it signs itself. */
  readonly by?: string
  /** `DNS:plc.example,IP:127.0.0.1`; left out: no names. */
  readonly names?: string
  readonly days?: number
}

/** Certificates made for one test file, in a folder of their own. All bear a Modbus role. */
export interface Certificates {
  issue(name: string, issue?: Issue): void
  /** The path of the certificate. */
  cert(name: string): string
  key(name: string): string
  text(file: string): string
  /** A file with this text. */
  write(name: string, text: string, mode?: number): string
  fingerprint(name: string): string
  remove(): void
}

/** undefined, with the reason printed, where there is no openssl outside CI. */
export function certificates(): Certificates | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' })
  } catch (thrown) {
    if (process.env['CI']) throw thrown
    process.stderr.write(`skipped: openssl is needed for certificates (${String(thrown)})\n`)
    return undefined
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'modbus-tls-'))
  const at = (file: string) => path.join(folder, file)
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' })
  const text = (file: string) => readFileSync(file, 'utf8')
  const cert = (name: string) => at(`${name}.pem`)
  const key = (name: string) => at(`${name}.key`)
  return {
    cert,
    key,
    text,
    issue(name, { by, names, days = 3650 } = {}) {
      const more = ['-addext', role, ...(names ? ['-addext', `subjectAltName=${names}`] : [])]
      const request = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
      const made = [...request, '-keyout', key(name), '-subj', `/CN=${name}`, ...more]
      if (by === undefined) {
        return void openssl('req', '-x509', ...made, '-days', `${days}`, '-out', cert(name))
      }
      openssl('req', ...made, '-out', at('request'))
      const signed = ['-CA', cert(by), '-CAkey', key(by), '-CAcreateserial', '-days', `${days}`]
      const extensions = ['-copy_extensions', 'copyall']
      openssl('x509', '-req', '-in', at('request'), ...signed, ...extensions, '-out', cert(name))
    },
    write(name, content, mode = 0o600) {
      writeFileSync(at(name), content, { mode })
      return at(name)
    },
    fingerprint: (name) => new X509Certificate(text(cert(name))).fingerprint256,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
