import { expect, test } from 'vitest'
import { parseConfig } from './config-file.ts'
import { ownFilesOf } from './own-files.ts'

test('the configuration and every secret that it or the environment names belong to the mapper', () => {
  const { config } = parseConfig(`
http:
  token_file: /s/token
  tls: { cert_file: /s/tls.crt, key_file: /s/tls.key, client_ca_file: /s/clients.crt }
mqtt:
  url: mqtts://broker.example
  username_file: /s/user
  password_file: /s/password
  ca_file: /s/ca.crt
  cert_file: /s/mqtt.crt
  key_file: /s/mqtt.key
`)
  if (config === undefined) throw new Error('no configuration')
  const environment = {
    ...{ TOKEN_FILE: '/e/token', MQTT_USERNAME_FILE: '', MQTT_PASSWORD_FILE: '/e/password' },
    SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt',
  }
  expect(ownFilesOf(config, '/c.yaml', environment)).toEqual([
    ...['/c.yaml', '/s/token', '/s/tls.key', '/s/user', '/s/password', '/s/mqtt.key'],
    ...['/e/token', '/e/password'],
  ])
  const { config: plain } = parseConfig('common:\n  name: m\n')
  expect(plain && ownFilesOf(plain, '/c.yaml', {})).toEqual(['/c.yaml'])
})
