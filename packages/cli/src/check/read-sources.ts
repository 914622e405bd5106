import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { MapperError } from '@mapper-sdk/core'
import { recipeFolderOf } from '../recipe-folders.ts'
import type { Source } from './document.ts'
import type { Finding } from './finding.ts'

export interface Reading {
  readonly sources: readonly Source[]
  /** Files that cannot be read. */
  readonly findings: readonly Finding[]
}

/**
 * The files of paths: a file itself; of a folder its `.yaml` and `.yml` files and those in its folder
 * `recipes`, no others. Throws `invalid_config` for a path that is not there.
 */
export async function readSources(paths: readonly string[]): Promise<Reading> {
  const sources: Source[] = []
  const findings: Finding[] = []
  const listed = (await Promise.all(paths.map(filesOf))).flat()
  // A file may be named, and be in a folder that is named too.
  for (const { file, kind } of new Map(
    listed.map((one) => [path.resolve(one.file), one]),
  ).values()) {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        await readFile(file),
      )
      sources.push({ file, text, ...(kind && { kind }) })
    } catch (thrown) {
      const message = `cannot read it: ${reasonOf(thrown)}`
      findings.push({ ...nowhere, rule: 'yaml-broken', severity: 'error', file, message })
    }
  }
  return { sources, findings }
}

const nowhere = { line: 1, column: 1, path: '' }

const reasonOf = (thrown: unknown) =>
  thrown instanceof TypeError ? 'it is no UTF-8 text' : MapperError.from(thrown).detail

interface Listed {
  readonly file: string
  readonly kind?: 'recipe'
}

async function filesOf(given: string): Promise<readonly Listed[]> {
  const found = await stat(given).catch((cause: unknown) => {
    throw new MapperError('invalid_config', `cannot read ${given}: no such file or folder`, {
      cause,
    })
  })
  if (!found.isDirectory()) return [{ file: given }]
  // As it is named, so that places can be clicked on.
  const recipes = path.join(given, path.basename(recipeFolderOf(given)))
  const beside = (await yamlIn(recipes).catch(() => [])).map((file): Listed => ({
    file,
    kind: 'recipe',
  }))
  return [...(await yamlIn(given)).map((file) => ({ file })), ...beside]
}

async function yamlIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder)
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => path.join(folder, name))
}
