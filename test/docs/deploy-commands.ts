import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseConfig } from '../../packages/core/src/main/config-file.ts'
import { parseDockerfile } from '../deploy/dockerfile.ts'
import { root } from './markdown.ts'

/** Commands of pages on deployment that no test can run, by program and the words that may follow. */
const programs: Readonly<Record<string, RegExp>> = {
  docker: /^(build|push) /,
  kubectl:
    /^(-n mappers )?(apply -[kf] |kustomize |create secret generic |logs |rollout (status|undo|restart) )/,
  systemctl:
    /^(daemon-reload|(enable --now|start|stop|restart) (mapper@modbus|edgecore)|restart edgecore)$/,
  journalctl: /^-u mapper@modbus -f$/,
  install: /^-D -m 0644 examples\/deploy\/systemd\/\S+ \/etc\/\S+$/,
  groupadd: /^--system --gid 65532 mapper$/,
  useradd: /^--system --uid 65532 --gid mapper /,
  'systemd-tmpfiles': /^--create \/etc\/tmpfiles\.d\/(mapper|edgecore)\.conf$/,
  mv: /^\/opt\/mapper\/modbus(\.new)? \/opt\/mapper\/modbus(\.old)?$/,
  node: /^examples\/deploy\/assemble\.mjs (modbus|opcua|serial) \/opt\/mapper\/\S+$/,
}

export const isDeployCommand = (command: string): boolean => {
  const [program = ''] = command.split(' ')
  return program === 'node' ? command.includes('assemble.mjs') : program in programs
}

/** What is wrong with such a command, in words. */
export function deployCommandProblems(command: string): readonly string[] {
  const problems: string[] = []
  const [program = '', ...words] = command.split(/ +/)
  if (programs[program]?.test(words.join(' ')) !== true) problems.push('is none that we know')
  for (const word of words) {
    if (word.startsWith('examples/') && !existsSync(path.join(root, word))) {
      problems.push(`names ${word}, which is not there`)
    }
  }
  const read = (name: string) => readFileSync(path.join(root, name), 'utf8')
  const after = (flag: string) =>
    words.flatMap((word, index) => (word === flag ? [words[index + 1] ?? ''] : []))
  if (program === 'docker' && words[0] === 'build') {
    const known = parseDockerfile(read(after('-f')[0] ?? '')).flatMap(({ word, rest }) =>
      word === 'ARG' ? [rest.split('=')[0] ?? ''] : [],
    )
    for (const argument of after('--build-arg')) {
      const [name = ''] = argument.split('=')
      if (!known.includes(name)) problems.push(`gives ${name}, which the Dockerfile does not take`)
    }
  }
  for (const folder of [...after('-k'), ...after('kustomize')]) {
    if (!existsSync(path.join(root, folder, 'kustomization.yaml'))) {
      problems.push(`applies ${folder}, which holds no kustomization`)
    }
  }
  if (command.includes(' create secret ')) {
    const overlay = 'examples/deploy/kustomize/overlays/secrets'
    const [name = ''] = after('generic')
    if (!read(`${overlay}/secrets.yaml`).includes(`secretName: ${name}\n`)) {
      problems.push(`makes the Secret ${name}, which the overlay does not mount`)
    }
    const given = words.flatMap((word) => word.split('--from-file=')[1] ?? [])
    const wanted = secretFiles(read(`${overlay}/config.yaml`))
    // What devices name stands in no configuration.
    const isOfDevices = name.endsWith('-devices')
    if (!isOfDevices && given.toSorted().join() !== wanted.toSorted().join()) {
      problems.push(`makes ${given.join()}, but the overlay reads ${wanted.join()}`)
    }
  }
  return problems
}

function secretFiles(text: string): readonly string[] {
  const { config } = parseConfig(text)
  const files = JSON.stringify(config).match(/\/etc\/mapper-secrets\/[\w.-]+/g) ?? []
  return files.map((file) => path.basename(file))
}
