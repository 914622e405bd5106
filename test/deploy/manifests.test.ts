import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import { serialDriver } from '@mapper-sdk/serial'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { checkFolder, formatFinding } from '../../packages/cli/src/check-folder.ts'
import { parseConfig } from '../../packages/core/src/main/config-file.ts'
import { root } from '../docs/markdown.ts'
import { crdSchemas } from './crd-schemas.ts'
import {
  isObject,
  manifestsOf,
  overlaysBelow,
  render,
  textOf,
  type Json,
  type Manifest,
} from './kustomize.ts'
import { at, listOf, podProblems, podsOf, type Pod } from './pod-rules.ts'

const examples = path.join(root, 'examples')
const deploy = path.join(examples, 'deploy')
const kustomize = path.join(deploy, 'kustomize')
const nameOf = (file: string) => path.relative(deploy, file)

const yamlBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(({ name, parentPath }) => name.endsWith('.yaml') && !parentPath.includes('dist'))
    .map(({ name, parentPath }) => path.join(parentPath, name))

const files = yamlBelow(deploy)
const overlays = overlaysBelow(kustomize).map((folder) => [nameOf(folder), render(folder)] as const)
const nodeGroupFiles = ['node-groups.yaml', 'edge-application.yaml'].map((name) =>
  path.join(deploy, 'node-groups', name),
)
/** What is applied together. */
const sets: readonly (readonly [string, readonly Manifest[]])[] = [
  ...overlays,
  ['node-groups', nodeGroupFiles.flatMap(manifestsOf)],
]

test.each(files.map((file) => [nameOf(file), file]))('%s is YAML without surprises', (_, file) => {
  for (const { errors, warnings } of parseAllDocuments(readFileSync(file, 'utf8'))) {
    expect([...errors, ...warnings]).toEqual([])
  }
})

describe('kustomize', () => {
  const kubectl = hasKubectl()

  test.skipIf(kubectl !== 'there').each(overlays)(
    `%s is rendered by kubectl as by our resolver (kubectl is ${kubectl})`,
    (name, ours) => {
      const out = execFileSync('kubectl', ['kustomize', path.join(deploy, name)], {
        encoding: 'utf8',
      })
      const theirs = parseAllDocuments(unhashed(out)).map((each) => each.toJS() as Json)
      expect(sorted(theirs)).toEqual(sorted(ours))
    },
  )
})

describe.each(sets)('%s', (_, manifests) => {
  const pods = podsOf(manifests)
  const configs = manifests.filter(({ kind }) => kind === 'ConfigMap')

  test('runs one mapper, as safely as it has to', () => {
    expect(pods).toHaveLength(1)
    expect(pods.flatMap((pod) => podProblems(pod).map((text) => `${pod.title} ${text}`))).toEqual(
      [],
    )
  })

  test('names nothing that is not there', () => {
    const names = configs.map(({ metadata }) => metadata.name)
    const used = pods.flatMap(({ spec }) =>
      listOf(spec['volumes']).flatMap((volume) => at(volume, 'configMap', 'name') ?? []),
    )
    expect(used.toSorted()).toEqual(names.toSorted())
    for (const { metadata } of configs) expect(metadata['namespace']).toBe('mappers')
    for (const { workload } of pods) {
      expect(workload.metadata['namespace']).toBe('mappers')
      const labels = at(workload, 'spec', 'template', 'metadata', 'labels')
      expect(labels).toMatchObject(at(workload, 'spec', 'selector', 'matchLabels') as object)
    }
  })

  test('has a configuration file that is right, and mounts every path in it', () => {
    expect.hasAssertions()
    for (const pod of pods) {
      const config = configOf(pod, configs)
      const { grpc_server, common, http, mqtt, state_dir } = config
      const mounts = mountsOf(pod)
      const host = (file: string | undefined) => {
        const mount = mounts.find(({ mountPath }) => path.dirname(file ?? '') === mountPath)
        return mount && at(mount.volume, 'hostPath', 'path')
      }
      expect(host(common.edgecore_sock)).toBe(path.dirname(common.edgecore_sock))
      expect(host(grpc_server.socket_path)).toBe(path.dirname(grpc_server.socket_path ?? ''))
      expect(host(`${state_dir}/x`)).toBe(state_dir)
      const secrets = [
        ...[mqtt.username_file, mqtt.password_file, mqtt.ca_file, mqtt.cert_file, mqtt.key_file],
        ...[http?.token_file, http?.tls?.cert_file, http?.tls?.key_file, http?.tls?.client_ca_file],
      ].filter((file) => file !== undefined)
      for (const file of secrets) {
        const mount = mounts.find(({ mountPath }) => path.dirname(file) === mountPath)
        expect(at(mount?.volume, 'secret', 'secretName'), file).toBeDefined()
      }
    }
  })

  test('asks for its health where it is served', () => {
    expect.hasAssertions()
    for (const pod of pods) {
      const { http } = configOf(pod, configs)
      expect(http).toBeDefined()
      const probes = listOf(pod.spec['containers']).flatMap((container) =>
        Object.entries(container).filter(([key]) => key.endsWith('Probe')),
      )
      for (const [key, probe] of probes) {
        const get = at(probe, 'httpGet')
        expect(get).toMatchObject({ host: http?.address, port: http?.port })
        expect(at(get, 'path')).toBe(key === 'readinessProbe' ? '/readyz' : '/healthz')
        expect(pod.spec['hostNetwork']).toBe(true)
      }
    }
  })
})

test('mappers that may share a gateway share no socket, port or name', () => {
  const all = overlays
    .filter(([name]) => !/every-gateway|non-root/.test(name))
    .map(([, manifests]) => {
      const [pod] = podsOf(manifests)
      if (pod === undefined) throw new Error('no pod')
      return configOf(
        pod,
        manifests.filter(({ kind }) => kind === 'ConfigMap'),
      )
    })
  const apart: readonly ((config: Config) => unknown)[] = [
    ({ common }) => common.name,
    ({ common }) => common.protocol,
    ({ grpc_server }) => grpc_server.socket_path,
    ({ http }) => http?.port,
  ]
  for (const of of apart) expect(new Set(all.map(of)).size).toBe(all.length)
})

test('the pod of the node groups is that of the base, kept one a gateway', () => {
  const [, manifests = []] = sets.find(([name]) => name === 'node-groups') ?? []
  const [pod] = podsOf(manifests)
  const [base] = podsOf(render(path.join(kustomize, 'base')))
  const { affinity, ...spec } = pod?.spec ?? {}
  const selector = at(pod?.workload, 'spec', 'selector')
  const [apart] = listOf(
    at(affinity, 'podAntiAffinity', 'requiredDuringSchedulingIgnoredDuringExecution'),
  )
  expect(apart).toEqual({ labelSelector: selector, topologyKey: 'kubernetes.io/hostname' })
  const text = JSON.stringify(spec)
    .replace('registry.example/modbus-mapper:0.1.0', 'modbus-mapper')
    .replace('modbus-mapper-config', 'mapper-config')
  expect(JSON.parse(text)).toEqual(base?.spec)
  const groups = manifests
    .filter(({ kind }) => kind === 'NodeGroup')
    .map((each) => each.metadata.name)
  const application = manifests.find(({ kind }) => kind === 'EdgeApplication')
  const targets = listOf(at(application, 'spec', 'workloadScope', 'targetNodeGroups'))
  expect(targets.map(({ name }) => name)).toEqual(groups)
})

describe('resources of KubeEdge', () => {
  const ajv = new Ajv({ strict: true, allErrors: true })
  const manifests = yamlBelow(examples)
    .filter((file) => /^apiVersion: (devices|apps)\.kubeedge\.io/m.test(readFileSync(file, 'utf8')))
    .flatMap((file) => manifestsOf(file).map((manifest) => ({ file, manifest })))
    .filter(({ manifest }) => manifest.apiVersion.includes('kubeedge.io'))

  test('there are some of every kind', () => {
    const kinds = new Set(
      manifests.map(({ manifest }) => `${manifest.apiVersion} ${manifest.kind}`),
    )
    expect([...kinds].toSorted()).toEqual(Object.keys(crdSchemas).toSorted())
  })

  test.each(
    manifests.map(({ file, manifest }) => [
      `${manifest.kind} ${manifest.metadata.name}`,
      file,
      manifest,
    ]),
  )('%s in %s has the structure of its CRD', (_, __, manifest) => {
    const { apiVersion, kind } = manifest
    const validate = ajv.compile(crdSchemas[`${apiVersion} ${kind}`] ?? false)
    expect(validate(manifest) ? [] : validate.errors).toEqual([])
  })

  test.each([
    ['a model that is not named', { deviceModelRef: undefined }],
    ['a word that KubeEdge does not know', { nodename: 'edge-1' }],
    ['a cycle that is a text', { properties: [{ name: 'p', collectCycle: '1000' }] }],
  ])('%s is found', (_, wrong) => {
    const spec = { deviceModelRef: { name: 'm' }, protocol: { protocolName: 'p' } }
    const device = {
      apiVersion: 'devices.kubeedge.io/v1beta1',
      kind: 'Device',
      metadata: { name: 'd' },
    }
    const validate = ajv.compile(crdSchemas['devices.kubeedge.io/v1beta1 Device'] ?? false)
    expect(validate({ ...device, spec })).toBe(true)
    const broken: unknown = JSON.parse(JSON.stringify({ ...device, spec: { ...spec, ...wrong } }))
    expect(validate(broken)).toBe(false)
  })
})

describe('the devices of the overlay serial-device', () => {
  const before = process.env['MAPPER_RECIPES']
  beforeEach(() => {
    process.env['MAPPER_RECIPES'] = path.join(kustomize, 'overlays/serial-device/recipes')
  })
  afterEach(() => {
    if (before === undefined) delete process.env['MAPPER_RECIPES']
    else process.env['MAPPER_RECIPES'] = before
  })

  test('pass the check with its recipes', async () => {
    const folder = path.join(deploy, 'devices')
    const { findings, devices } = await checkFolder(folder, () => Promise.resolve(serialDriver))
    expect(findings.map(formatFinding)).toEqual([])
    expect(devices).toBe(1)
  })
})

type Config = NonNullable<ReturnType<typeof parseConfig>['config']>

function configOf({ spec }: Pod, configs: readonly Manifest[]): Config {
  const volume = listOf(spec['volumes']).find((each) => each['name'] === 'config')
  const map = configs.find(({ metadata }) => metadata.name === at(volume, 'configMap', 'name'))
  const { config, problems } = parseConfig(textOf(at(map, 'data', 'config.yaml')))
  expect(problems).toEqual([])
  if (config === undefined) throw new Error('no configuration')
  return config
}

const mountsOf = ({ spec }: Pod) => {
  const [container] = listOf(spec['containers'])
  return listOf(container?.['volumeMounts']).map(({ name, mountPath }) => ({
    mountPath,
    volume: listOf(spec['volumes']).find((each) => each['name'] === name),
  }))
}

function hasKubectl(): 'there' | 'not on this machine' {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  const found = folders.some((folder) => existsSync(path.join(folder, 'kubectl')))
  return found ? 'there' : 'not on this machine'
}

/** kubectl ends the names of generated ConfigMaps with a hash of what is in them. */
function unhashed(text: string): string {
  const names = text.match(/^ {2}name: \S+-(config|recipes)-[a-z0-9]{10}$/gm) ?? []
  return names
    .map((line) => line.replace('  name: ', ''))
    .reduce((rest, name) => rest.replaceAll(name, name.slice(0, -11)), text)
}

/** Lists whose entries have names are compared by them: their order has no meaning. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) {
    const keyOf = (each: Json) =>
      isObject(each)
        ? textOf(each['mountPath'] ?? each['name'] ?? at(each, 'metadata', 'name') ?? '')
        : ''
    const kindOf = (each: Json) => (isObject(each) ? textOf(each['kind']) : '')
    return (value as readonly Json[])
      .map(sorted)
      .toSorted((a, b) => `${kindOf(a)} ${keyOf(a)}`.localeCompare(`${kindOf(b)} ${keyOf(b)}`))
  }
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, each === undefined ? each : sorted(each)]),
  )
}
