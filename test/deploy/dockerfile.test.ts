import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../docs/markdown.ts'
import { dockerfileProblems, parseDockerfile, type Instruction } from './dockerfile.ts'

const read = (name: string) => readFileSync(path.join(root, 'examples/deploy', name), 'utf8')

describe.each(['Dockerfile', 'published.Dockerfile'])('%s', (name) => {
  const instructions = parseDockerfile(read(name))

  test('keeps the rules', () => {
    expect(dockerfileProblems(instructions)).toEqual([])
  })

  test('is on Node 24', () => {
    expect(instructions[0]).toEqual({ word: 'ARG', rest: 'NODE_IMAGE=node:24-slim' })
  })

  test.each([
    ['USER 65532:65532', 'USER root', 'runs as root'],
    ['USER 65532:65532', 'USER node', 'a user that has only a name'],
    ['ENTRYPOINT ["node", "/app/mapper"]', 'ENTRYPOINT node /app/mapper', 'starts a shell'],
    ['--ignore-scripts', '', 'runs scripts of packages'],
    ['COPY --from=build', 'COPY --from=bulid', 'copies from bulid, which is no stage'],
    ['ENV NODE_ENV', 'ENV TOKEN=x NODE_ENV', 'holds a secret'],
    ['image.licenses', 'image.licence', 'has no label licenses'],
    ['STOPSIGNAL SIGTERM\n', '', 'is not stopped by SIGTERM'],
  ])('with %j changed to %j it breaks one', (from, to, problem) => {
    const text = read(name).replace(from, to)
    expect(text).not.toBe(read(name))
    expect(dockerfileProblems(parseDockerfile(text)).join('\n')).toContain(problem)
  })
})

test('both make the same image', () => {
  const image = (instructions: readonly Instruction[]) =>
    instructions.slice(instructions.findLastIndex(({ word }) => word === 'FROM'))
  expect(image(parseDockerfile(read('published.Dockerfile')))).toEqual(
    image(parseDockerfile(read('Dockerfile'))),
  )
})

test('what the build needs is not kept from it', () => {
  const ignored = read('Dockerfile.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  for (const folder of ['packages', 'examples', 'package.json', 'package-lock.json', '.npmrc']) {
    expect(existsSync(path.join(root, folder))).toBe(true)
    expect(ignored).not.toContain(folder)
  }
  expect(ignored).toContain('**/node_modules')
  const tsconfig = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: { build: string }
  }
  const projects = tsconfig.scripts.build.split(' ').slice(2)
  expect(projects.length).toBeGreaterThan(1)
  for (const project of projects) expect(ignored).not.toContain(project.split('/')[0])
})

test('an instruction that is none is found', () => {
  expect(() => parseDockerfile('FROM a\nRUNN b')).toThrow('no instruction: RUNN b')
})
