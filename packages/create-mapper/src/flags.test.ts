import { describe, expect, it } from 'vitest'
import { chooseUsual } from './choose.ts'
import { parseFlags, usage } from './flags.ts'

const usual = (...args: readonly string[]) => chooseUsual(parseFlags(args))

describe('flags', () => {
  it('leave to usual names what is not said', () => {
    const custom = { template: 'custom' }
    expect(usual()).toEqual({ folder: 'my-mapper', name: 'my-mapper', protocol: 'my', ...custom })
    expect(usual('../a/oven-mapper')).toEqual({
      ...{ folder: '../a/oven-mapper', name: 'oven-mapper', protocol: 'oven', ...custom },
    })
    expect(usual('--name', '@acme/oven', '--template', 'serial-line')).toEqual({
      ...{ folder: 'oven', name: '@acme/oven', protocol: 'oven', template: 'serial-line' },
    })
    expect(usual('Folder', '--name', 'x', '--protocol', 'Yy')).toEqual({
      ...{ folder: 'Folder', name: 'x', protocol: 'Yy', ...custom },
    })
  })

  it.each([
    [['--name', '../x'], 'the name "../x" is no name of a package'],
    [['--protocol', 'a b'], 'the protocol "a b" is no name for one'],
    [['--template', 'toString'], '--template toString: there is custom and serial-line'],
    [['a', 'b'], 'one folder, not also b'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['My Folder'], 'the name "My Folder" is no name of a package'],
  ])('are refused: %j', (args, reason) => {
    expect(() => usual(...args)).toThrow(reason)
  })

  it('are all in the help', () => {
    const said = [...usage.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name)
    expect(said).toEqual(['name', 'protocol', 'template', 'packages', 'no-install', 'yes', 'help'])
    for (const name of ['no-install', 'yes', 'help'])
      expect(() => parseFlags([`--${name}`])).not.toThrow()
  })
})
