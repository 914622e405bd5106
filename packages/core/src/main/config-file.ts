import { open } from 'node:fs/promises'
import { Ajv, type ErrorObject } from 'ajv'
import { MapperError } from '../errors.ts'
import { configSchema, type MapperConfig } from './config-schema.ts'
import { didYouMean } from './did-you-mean.ts'
import { readYaml, type Located } from './yaml-document.ts'

/** One thing wrong with a configuration file, and where. */
export interface ConfigProblem extends Located {
  readonly severity: 'error' | 'warning'
  /** As in `common.http_port`; '' for the file as a whole. */
  readonly path: string
  readonly message: string
}

export type ConfigResult =
  | { readonly config: MapperConfig; readonly problems: readonly ConfigProblem[] }
  | { readonly config?: undefined; readonly problems: readonly ConfigProblem[] }

/** A real file has a few hundred bytes; whatever is larger than this is not one. */
const largest = 1024 * 1024

/** `FILE:LINE:COL: path: message`, as compilers print it. */
export const formatProblem = (file: string, { line, column, path, message }: ConfigProblem) =>
  `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`

/**
 * Reads and checks a configuration file. Throws `invalid_config` with one line per error, each with
 * file, line, column, the field and the fix. Unknown keys are only warned about: a newer or another
 * framework's file must not stop the mapper.
 */
export async function readConfigFile(
  file: string,
): Promise<{ readonly config: MapperConfig; readonly warnings: readonly string[] }> {
  const { config, problems } = parseConfig(await readText(file))
  if (config === undefined) {
    const errors = problems.filter(({ severity }) => severity === 'error')
    throw new MapperError(
      'invalid_config',
      errors.map((each) => formatProblem(file, each)).join('\n'),
    )
  }
  return { config, warnings: problems.map((each) => formatProblem(file, each)) }
}

const ajv = new Ajv({ strict: true, allErrors: true, useDefaults: true, verbose: true })
const check = ajv.compile<MapperConfig>(configSchema)

/** Checks the text of a configuration file. Pure. */
export function parseConfig(text: string): ConfigResult {
  const read = readYaml(text, configSchema)
  const unknown = read.unknown.map(({ at, path, key, known }): ConfigProblem => {
    const guess = didYouMean(key, known)
    const hint = guess === undefined ? `known here: ${known.join(', ')}` : `did you mean ${guess}?`
    return { ...at, severity: 'warning', path, message: `unknown key, ignored (${hint})` }
  })
  const errors: ConfigProblem[] = read.errors.map(({ at, path, message }) => ({
    ...at,
    severity: 'error',
    path,
    message,
  }))
  if (errors.length > 0) return { problems: [...errors, ...unknown] }
  const value = read.value
  if (check(value)) return { config: value, problems: unknown }
  for (const error of check.errors ?? []) {
    const path = error.instancePath.slice(1).replaceAll('/', '.')
    errors.push({ ...read.locate(path), severity: 'error', path, message: explain(error) })
  }
  errors.sort((a, b) => a.line - b.line || a.column - b.column)
  return { problems: [...errors, ...unknown] }
}

function explain(error: ErrorObject): string {
  const description = (error.parentSchema as { description?: string } | undefined)?.description
  const fix = description === undefined ? '' : ` (${description})`
  return `${complaint(error)}${fix}`
}

function complaint({ keyword, params, data, message }: ErrorObject): string {
  const shown = describe(data)
  const p = params as Record<string, unknown>
  switch (keyword) {
    case 'type':
      return `must be ${typeNames[String(p['type'])] ?? String(p['type'])}, is ${shown}`
    case 'enum': {
      const allowed = (p['allowedValues'] as string[]).map(String)
      const guess = didYouMean(String(data), allowed)
      return `must be ${allowed.join(' or ')}, is ${shown}${guess === undefined ? '' : `; did you mean ${guess}?`}`
    }
    case 'pattern':
      return p['pattern'] === '^/'
        ? `must be an absolute path, is ${shown}`
        : `has characters that are not allowed: ${shown}`
    case 'maxLength':
      return `is too long: ${String(data).length} characters, at most ${String(p['limit'])}`
    case 'minimum':
      return `must be at least ${String(p['limit'])}, is ${shown}`
    case 'maximum':
      return `must be at most ${String(p['limit'])}, is ${shown}`
    case 'exclusiveMinimum':
      return `must be more than ${String(p['limit'])}, is ${shown}`
    default:
      return `${message ?? 'is wrong'}, is ${shown}`
  }
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a block of keys',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
}

function describe(data: unknown): string {
  if (Array.isArray(data)) return 'a list'
  if (typeof data === 'object' && data !== null) return 'a block of keys'
  const text = JSON.stringify(data) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

async function readText(file: string): Promise<string> {
  const handle = await open(file).catch((thrown: unknown) => {
    throw unreadable(file, thrown)
  })
  try {
    const buffer = Buffer.alloc(largest + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    if (length > largest) {
      throw new MapperError(
        'invalid_config',
        `${file}:1:1: larger than 1 MiB (is it the right file?)`,
      )
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length))
  } catch (thrown) {
    throw unreadable(file, thrown)
  } finally {
    await handle.close()
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file (name it with --config-file)',
  EISDIR: 'is a directory (name a file with --config-file)',
  EACCES: 'permission denied (make it readable for the user of the mapper)',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'not UTF-8 text (save it as UTF-8)',
}

function unreadable(file: string, thrown: unknown): MapperError {
  if (thrown instanceof MapperError) return thrown
  const { code, message } = thrown as NodeJS.ErrnoException
  const reason = (code === undefined ? undefined : reasons[code]) ?? message
  return new MapperError('invalid_config', `${file}:1:1: ${reason}`, { cause: thrown })
}
