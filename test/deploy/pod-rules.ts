import { isList, isObject, textOf, type Json, type JsonObject, type Manifest } from './kustomize.ts'

export interface Pod {
  readonly title: string
  readonly workload: Manifest
  readonly spec: JsonObject
}

/** The pods that manifests make, also those inside an EdgeApplication. */
export const podsOf = (manifests: readonly Manifest[]): readonly Pod[] =>
  manifests.flatMap((workload): readonly Pod[] => {
    const { kind, metadata } = workload
    const spec = at(workload, 'spec', 'template', 'spec')
    if (isObject(spec)) return [{ title: `${kind} ${metadata.name}`, workload, spec }]
    const inside = at(workload, 'spec', 'workloadTemplate', 'manifests')
    return isList(inside) ? podsOf(inside as readonly Manifest[]) : []
  })

export function at(value: Json | undefined, ...steps: readonly string[]): Json | undefined {
  return steps.reduce<Json | undefined>(
    (inside, step) => (isObject(inside) ? inside[step] : undefined),
    value,
  )
}

export const listOf = (value: Json | undefined): readonly JsonObject[] =>
  isList(value) ? value.filter(isObject) : []

const oneNodeKinds = ['Deployment', 'DaemonSet']

/** What is wrong with a mapper's pod, in words; nothing if it is as it has to be. */
export function podProblems({ workload, spec }: Pod): readonly string[] {
  const problems: string[] = []
  const must = (holds: boolean, text: string) => void (holds || problems.push(text))
  const containers = listOf(spec['containers'])
  const volumes = listOf(spec['volumes'])

  must(oneNodeKinds.includes(workload.kind), 'is neither a Deployment nor a DaemonSet')
  if (workload.kind === 'Deployment') {
    must(at(workload, 'spec', 'strategy', 'type') === 'Recreate', 'two may run at once')
  } else {
    const surge = at(workload, 'spec', 'updateStrategy', 'rollingUpdate', 'maxSurge')
    must(surge === 0, 'two may run at once')
  }
  must(spec['automountServiceAccountToken'] === false, 'gets a token of the API server')
  must(spec['hostPID'] !== true && spec['hostIPC'] !== true, 'sees processes of the host')
  must(
    at(spec, 'securityContext', 'seccompProfile', 'type') === 'RuntimeDefault',
    'has no seccomp profile',
  )
  const user = at(spec, 'securityContext', 'runAsUser')
  const nonRoot = at(spec, 'securityContext', 'runAsNonRoot') === true
  must(nonRoot ? user === 65532 : user === 0, 'does not say which user it is')
  must(containers.length === 1 && spec['initContainers'] === undefined, 'has not one container')
  for (const container of containers) {
    const security = container['securityContext']
    const drop = at(security, 'capabilities', 'drop')
    must(at(security, 'privileged') === false, 'is privileged, or may be')
    must(at(security, 'allowPrivilegeEscalation') === false, 'may gain privileges')
    must(at(security, 'readOnlyRootFilesystem') === true, 'may write its root file system')
    must(isList(drop) && drop.includes('ALL'), 'keeps capabilities')
    must(at(security, 'capabilities', 'add') === undefined, 'adds capabilities')
    for (const bound of ['cpu', 'memory']) {
      must(at(container, 'resources', 'limits', bound) !== undefined, `has no limit of ${bound}`)
      must(at(container, 'resources', 'requests', bound) !== undefined, `asks for no ${bound}`)
    }
    const image = textOf(container['image'])
    must(/:\d+\.\d+\.\d+$/.test(image), `does not pin its version: ${image}`)
    const mounts = listOf(container['volumeMounts'])
    for (const { name, mountPath, readOnly, subPath } of mounts) {
      const volume = volumes.find((each) => each['name'] === name)
      must(volume !== undefined, `mounts ${textOf(name)}, which is no volume`)
      const host = at(volume, 'hostPath', 'path')
      must(!/\.sock/.test(`${textOf(mountPath)} ${textOf(host)}`), 'mounts a socket file')
      must(subPath === undefined, 'mounts a part that no update reaches')
      must(
        host === undefined || host === mountPath,
        `has another path than the host: ${textOf(host)}`,
      )
      must(typeof host !== 'string' || !tooMuch.includes(host), `mounts ${textOf(host)}`)
      const ours = typeof host === 'string' && /^\/(run|var\/lib)\/mapper$/.test(host)
      must(ours || readOnly === true, `may write ${textOf(mountPath)}`)
    }
    const used = mounts.map((mount) => mount['name'])
    for (const { name } of volumes) must(used.includes(name), `does not use ${textOf(name)}`)
  }
  for (const volume of volumes) {
    const type = at(volume, 'hostPath', 'type')
    must(
      volume['hostPath'] === undefined || ['Directory', 'DirectoryOrCreate'].includes(textOf(type)),
      `does not say that ${textOf(volume['name'])} is a directory`,
    )
  }
  return problems
}

const tooMuch = ['/', '/dev', '/etc', '/run', '/var', '/var/run', '/var/lib', '/proc', '/sys']
