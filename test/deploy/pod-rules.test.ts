import path from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../docs/markdown.ts'
import { render, type JsonObject, type Manifest } from './kustomize.ts'
import { podProblems, podsOf } from './pod-rules.ts'

const [good] = podsOf(render(path.join(root, 'examples/deploy/kustomize/overlays/one-gateway')))

/** The pod of the example, changed by the text of its JSON. */
function changed(from: string, to: string): readonly string[] {
  if (good === undefined) throw new Error('the overlay has no pod')
  const { title, workload, spec } = good
  const swap = <T extends JsonObject>(value: T): T => {
    const text = JSON.stringify(value).replace(from, to)
    return JSON.parse(text) as T
  }
  const pod = { title, workload: swap<Manifest>(workload), spec: swap(spec) }
  expect(JSON.stringify(pod)).not.toBe(JSON.stringify(good))
  return podProblems(pod)
}

test('the pod that the others are made of is right', () => {
  expect(good && podProblems(good)).toEqual([])
})

test.each([
  ['"privileged":false', '"privileged":true', 'is privileged, or may be'],
  ['"privileged":false,', '', 'is privileged, or may be'],
  ['"allowPrivilegeEscalation":false', '"x":0', 'may gain privileges'],
  ['"readOnlyRootFilesystem":true', '"x":0', 'may write its root file system'],
  ['"drop":["ALL"]', '"drop":["CHOWN"]', 'keeps capabilities'],
  ['"drop":["ALL"]', '"drop":["ALL"],"add":["SYS_ADMIN"]', 'adds capabilities'],
  ['"RuntimeDefault"', '"Unconfined"', 'has no seccomp profile'],
  ['"automountServiceAccountToken":false', '"x":0', 'gets a token of the API server'],
  ['"hostNetwork":true', '"hostPID":true', 'sees processes of the host'],
  ['"Recreate"', '"RollingUpdate"', 'two may run at once'],
  ['"memory":"300Mi"', '"x":"300Mi"', 'has no limit of memory'],
  [':0.1.0', ':latest', 'does not pin its version: registry.example/modbus-mapper:latest'],
  ['"mountPath":"/etc/kubeedge"', '"mountPath":"/etc/kubeedge/dmi.sock"', 'mounts a socket file'],
  [
    '"mountPath":"/run/mapper"',
    '"mountPath":"/sockets"',
    'another path than the host: /run/mapper',
  ],
  [
    '"mountPath":"/etc/kubeedge","readOnly":true',
    '"mountPath":"/etc/kubeedge"',
    'may write /etc/kubeedge',
  ],
  ['"type":"DirectoryOrCreate"', '"type":"Socket"', 'does not say that sockets is a directory'],
])('a pod with %s changed to %s is found wrong', (from, to, problem) => {
  expect(changed(from, to).join('\n')).toContain(problem)
})
