import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MapperError } from '../errors.ts'
import { parseFlags } from './flags.ts'

test.each([
  [[], { kind: 'run', configFile: './config.yaml' }],
  [['--config-file', '/etc/m.yaml'], { kind: 'run', configFile: '/etc/m.yaml' }],
  [['--config-file=/etc/a=b.yaml'], { kind: 'run', configFile: '/etc/a=b.yaml' }],
  [['--config-file', 'x', '--v', '4'], { kind: 'run', configFile: 'x', level: 'debug' }],
  [['--v=4'], { kind: 'run', configFile: './config.yaml', level: 'debug' }],
  [['-v=4'], { kind: 'run', configFile: './config.yaml', level: 'debug' }],
  [['-v', '10'], { kind: 'run', configFile: './config.yaml', level: 'debug' }],
  [['-v5'], { kind: 'run', configFile: './config.yaml', level: 'debug' }],
  [['-v=3'], { kind: 'run', configFile: './config.yaml', level: 'info' }],
  [['--v', '0'], { kind: 'run', configFile: './config.yaml', level: 'info' }],
  [['--logtostderr=true', '--stderrthreshold=0'], { kind: 'run', configFile: './config.yaml' }],
  [['--help'], { kind: 'help' }],
  [['-h'], { kind: 'help' }],
  [['--version'], { kind: 'version' }],
])('%j', (argv, flags) => {
  expect(parseFlags(argv)).toEqual(flags)
})

test.each([
  [['--config'], 'unknown flag --config (did you mean --config-file?)'],
  [['--config-fiel', 'x'], 'did you mean --config-file?'],
  [['--frobnicate'], 'unknown flag --frobnicate (see --help)'],
  [['--config-file'], '--config-file needs a value'],
  [['--config-file='], '--config-file needs a value'],
  [['--v', 'high'], '--v must be a whole number from 0, is "high"'],
  [['--v=-1'], '--v must be a whole number from 0, is "-1"'],
  [['config.yaml'], 'unexpected argument "config.yaml" (see --help)'],
])('%j is refused', (argv, message) => {
  expect(() => parseFlags(argv)).toThrow(message)
})

test('whatever is given, it is flags or invalid_config', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (argv) => {
      try {
        parseFlags(argv)
      } catch (error) {
        expect(error).toBeInstanceOf(MapperError)
        expect((error as MapperError).code).toBe('invalid_config')
      }
    }),
  )
})
