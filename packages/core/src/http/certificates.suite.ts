import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { onTestFinished, type TestContext } from 'vitest'
import { requireServer } from '../../../../test/support/require-server.ts'
import { scratchFolder } from '../../../../test/support/scratch-folder.ts'

/** Makes certificates with openssl, in a folder of the test's own. */
export async function certificates(context: TestContext) {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  try {
    openssl('version')
  } catch {
    requireServer(context, 'no openssl (apt-get install openssl)')
  }
  const { folder, remove } = await scratchFolder()
  onTestFinished(remove)
  const file = (name: string) => path.join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const valid = ['-days', '2']
  writeFileSync(file('san'), 'subjectAltName=IP:127.0.0.1\n')
  return {
    file,
    read: (name: string) => readFileSync(file(name), 'utf8'),
    /** Makes NAME.crt and NAME.key, signed by itself. */
    authority(name: string) {
      const to = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)]
      openssl('req', '-x509', ...key, ...to, ...valid, '-subj', `/CN=${name}`)
    },
    /** Makes NAME.crt and NAME.key, for 127.0.0.1, signed by the authority. */
    signed(name: string, by: string) {
      const request = ['-keyout', file(`${name}.key`), '-out', file(`${name}.csr`)]
      openssl('req', ...key, ...request, '-subj', `/CN=${name}`)
      const signing = ['-CA', file(`${by}.crt`), '-CAkey', file(`${by}.key`), '-CAcreateserial']
      const to = ['-extfile', file('san'), '-out', file(`${name}.crt`)]
      openssl('x509', '-req', '-in', file(`${name}.csr`), ...signing, ...valid, ...to)
    },
  }
}
