import { describe, expect, test } from 'vitest'
import { silentLogger } from '../log.ts'
import { parseConfig } from './config-file.ts'
import { planEdge } from './edge-plan.ts'

const plan = (text: string, environment: Record<string, string> = {}) => {
  const { config } = parseConfig(text)
  if (config === undefined) throw new Error('the configuration is wrong')
  return planEdge(config, {
    mapper: { name: 'm', version: 'v1', apiVersion: 'v1', protocol: 'modbus' },
    ...{ socketPath: '/tmp/m.sock', file: 'config.yaml', environment },
  })
}

describe('the way to KubeEdge', () => {
  test('is DMI alone unless a broker is named', async () => {
    expect((await plan('{}')).fields).toEqual({
      socketPath: '/tmp/m.sock',
      edgecore: '/etc/kubeedge/dmi.sock',
    })
    const auto = await plan('mqtt: {url: "mqtt://127.0.0.1:1883"}')
    expect(auto.fields).toMatchObject({ uplink: 'auto', broker: 'mqtt://127.0.0.1:1883' })
    const dmi = await plan('uplink: dmi\nmqtt: {url: "mqtt://127.0.0.1:1883"}')
    expect(dmi.fields).not.toHaveProperty('uplink')
    const mqtt = await plan('uplink: mqtt\nmqtt: {url: "tcp://127.0.0.1:1883"}')
    expect(mqtt.fields).toMatchObject({ uplink: 'mqtt' })
    for (const each of [auto, dmi, mqtt]) expect(each.create(silentLogger).limits.burst).toBe(100)
  })

  test('is the broker and a file for old EdgeCores, whose cycles are no ms', async () => {
    const legacy = await plan('edge: mqtt-legacy\nmqtt: {profile_file: /opt/deviceProfile.json}', {
      MQTT_USERNAME: 'u',
      MQTT_PASSWORD: 'secret',
    })
    expect(legacy.fields).toEqual({
      edge: 'mqtt-legacy',
      profileFile: '/opt/deviceProfile.json',
      broker: 'mqtt://127.0.0.1:1883',
    })
    expect(legacy.settings).toEqual({ cycleUnit: 'ms', budget: {} })
    expect(legacy.create(silentLogger).limits.callsPerSecond).toBe(50)
  })

  test.each([
    ['edge: mqtt-legacy', 'config.yaml: mqtt.profile_file: is missing'],
    [
      'edge: mqtt-legacy\nuplink: dmi\nmqtt: {profile_file: /p}',
      'config.yaml: uplink: is dmi, but',
    ],
    ['uplink: mqtt', 'config.yaml: mqtt.url: is missing, but needed with uplink: mqtt'],
    [
      'mqtt: {url: "mqtt://a", password_file: /none/at/all}',
      'config.yaml: mqtt.password_file: cannot read /none/at/all (ENOENT)',
    ],
    [
      'mqtt: {url: "mqtt://a", ca_file: /dev/null, cert_file: /dev/null}',
      'mqtt.key_file: is missing',
    ],
  ])('%j is refused', async (text, message) => {
    await expect(plan(text)).rejects.toMatchObject({
      code: 'invalid_config',
      detail: expect.stringContaining(message) as string,
    })
  })

  test('never says a password', async () => {
    const failed = plan('mqtt: {url: "mqtt://a"}', { MQTT_PASSWORD: 'hunter2' })
    await expect(failed).rejects.toMatchObject({ code: 'invalid_config' })
    const error: unknown = await failed.catch((thrown: unknown) => thrown)
    expect(String(error)).not.toContain('hunter2')
  })
})
