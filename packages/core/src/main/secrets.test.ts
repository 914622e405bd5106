import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseConfig } from './config-file.ts'
import { readSecrets } from './secrets.ts'

let folder: string
const file = (name: string) => path.join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'secrets-'))
  await writeFile(file('user'), 'mapper\n')
  await writeFile(file('password'), ' se cret \r\n')
  await writeFile(file('ca.pem'), 'CA\n')
})
afterAll(() => rm(folder, { recursive: true }))

test('a file of the configuration wins over one of the environment, and that over a plain value', async () => {
  const environment = { MQTT_USERNAME: 'x', MQTT_PASSWORD: 'plain', MQTT_USERNAME_FILE: '' }
  expect(await readSecrets({}, environment)).toEqual({ username: 'x', password: 'plain' })
  const named = { ...environment, MQTT_PASSWORD_FILE: file('password') }
  expect(await readSecrets({}, named)).toMatchObject({ password: ' se cret ' })
  expect(
    await readSecrets({ username_file: file('user'), ca_file: file('ca.pem') }, environment),
  ).toEqual({ username: 'mapper', password: 'plain', ca: 'CA\n' })
  expect(await readSecrets({}, {})).toEqual({})
})

test('what cannot be read is named with its key and its file', async () => {
  await expect(readSecrets({ password_file: file('none') }, {})).rejects.toMatchObject({
    code: 'invalid_config',
    detail: `mqtt.password_file: cannot read ${file('none')} (ENOENT)`,
  })
  await expect(readSecrets({}, { MQTT_USERNAME_FILE: folder })).rejects.toMatchObject({
    detail: `MQTT_USERNAME_FILE: cannot read ${folder} (EISDIR)`,
  })
})

test('a certificate needs its key, and a key its certificate', async () => {
  await expect(readSecrets({ cert_file: file('ca.pem') }, {})).rejects.toMatchObject({
    detail: 'mqtt.key_file: is missing, but needed with mqtt.cert_file',
  })
})

test('an address of the broker with a password in it is refused', () => {
  const problems = (url: string) => parseConfig(`mqtt:\n  url: ${url}\n`).problems
  expect(problems('mqtt://u:secret@host:1883')[0]).toMatchObject({ line: 2, path: 'mqtt.url' })
  expect(problems('tcp://127.0.0.1:1883')).toEqual([])
  expect(problems('mqtts://[::1]:8883/')).toEqual([])
})
