import { createChecker, formatPath, MapperError } from '@mapper-sdk/core'
import { checkFrameSpec } from '../frame/check-frame-spec.ts'
import { frameSchema, type FrameSpec } from '../frame/frame-spec.ts'
import { numericKeys, readYamlText } from '../recipe/yaml-text.ts'
import { withoutDefaults } from '../schema-parts.ts'

const checker = createChecker(withoutDefaults(frameSchema))
const numbers = numericKeys(frameSchema)

/**
 * A declared frame in one line, as `type: delimiter, end: <CR><LF>`, or as any YAML or JSON. Throws a
 * MapperError `invalid_config` that says what is wrong.
 */
export function parseFrameText(text: string): FrameSpec {
  const isWhole = /^\s*\{/.test(text) || text.includes('\n')
  const { value: raw } = readYamlText(isWhole ? text : `{ ${text} }`, 'frame', numbers)
  const { value, issues } = checker.check(raw, [])
  const problems: readonly { path: readonly (string | number)[]; message: string }[] =
    issues.length > 0 ? issues : [checkFrameSpec(value as FrameSpec) ?? []].flat()
  if (problems.length === 0) return value as FrameSpec
  const lines = problems.map(({ path, message }) => `${formatPath(path)} ${message}`.trim())
  throw new MapperError('invalid_config', `the frame: ${lines.join('; ')}`)
}
