import { open } from 'node:fs/promises'
import { createChecker, formatPath } from '../config.ts'
import { MapperError } from '../errors.ts'
import { configSchema, type MapperConfig } from './config-schema.ts'
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
 * Reads and checks a configuration file. Throws `invalid_config` with one line per problem, each with
 * file, line, column, the field and the fix. Unknown keys are only warned about: a newer or another
 * framework's file must not stop the mapper.
 */
export async function readConfigFile(
  file: string,
): Promise<{ readonly config: MapperConfig; readonly warnings: readonly string[] }> {
  const { config, problems } = parseConfig(await readText(file))
  const lines = problems.map((each) => formatProblem(file, each))
  if (config === undefined) throw new MapperError('invalid_config', lines.join('\n'))
  return { config, warnings: lines }
}

const checker = createChecker(configSchema)

/** Checks the text of a configuration file. Pure. */
export function parseConfig(text: string): ConfigResult {
  const { value: raw, problems: broken, locate } = readYaml(text, configSchema)
  if (broken.length > 0) {
    return { problems: broken.map((each) => ({ ...each, severity: 'error', path: '' })) }
  }
  const { value, issues } = checker.check(raw, [])
  const problems = issues.map(({ severity, path, message }): ConfigProblem => ({
    ...locate(path, severity === 'error' ? 'value' : 'key'),
    severity,
    path: formatPath(path),
    message,
  }))
  return value === undefined ? { problems } : { config: value as MapperConfig, problems }
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
