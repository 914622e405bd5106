import { MapperError } from '../errors.ts'
import { didYouMean } from '../did-you-mean.ts'

/** What the command line of a mapper process asks for. */
export type Flags =
  | { readonly kind: 'run'; readonly configFile: string; readonly level?: 'info' | 'debug' }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }

export const usage = `Flags:
  --config-file FILE  the configuration, default ./config.yaml
  --v N               how much is logged, as in klog: 0 to 3 info, 4 and more debug
  --help, -h          this text
  --version           the version

Exit codes: 0 stopped by SIGTERM or SIGINT, 2 wrong configuration, 70 internal error.
`

/** Flags of klog that Go deployments carry along. They have no meaning here and are passed over. */
const klogFlags = new Set([
  ...['add_dir_header', 'alsologtostderr', 'legacy_stderr_threshold_behavior'],
  ...['log_backtrace_at', 'log_dir', 'log_file', 'log_file_max_size', 'logtostderr'],
  ...['one_output', 'skip_headers', 'skip_log_headers', 'stderrthreshold', 'vmodule'],
])

const own = ['config-file', 'v', 'help', 'version']

/** Reads flags as Go's pflag does: `--v 4`, `--v=4`, `-v 4`, `-v=4`, `-v4`. Throws `invalid_config`. */
export function parseFlags(argv: readonly string[]): Flags {
  let configFile = './config.yaml'
  let level: 'info' | 'debug' | undefined
  for (let index = 0; index < argv.length; index++) {
    const { name, inline } = split(argv[index] ?? '')
    const value = () => {
      const given = inline ?? argv[++index]
      if (given === undefined || given === '') throw wrong(`--${name} needs a value`)
      return given
    }
    if (name === 'help' || name === 'h') return { kind: 'help' }
    if (name === 'version') return { kind: 'version' }
    if (name === 'config-file') configFile = value()
    else if (name === 'v') level = levelOf(value())
    else if (!klogFlags.has(name.replaceAll('-', '_'))) {
      const begun = name.length > 2 ? own.find((flag) => flag.startsWith(name)) : undefined
      const guess = begun ?? didYouMean(name, own)
      throw wrong(
        `unknown flag --${name} (${guess === undefined ? 'see --help' : `did you mean --${guess}?`})`,
      )
    }
  }
  return { kind: 'run', configFile, ...(level === undefined ? {} : { level }) }
}

function split(argument: string): { name: string; inline?: string } {
  const [, dashes = '', body = ''] = /^(--?)(.+)$/s.exec(argument) ?? []
  if (dashes === '') throw wrong(`unexpected argument ${JSON.stringify(argument)} (see --help)`)
  if (dashes === '-' && /^v\d/.test(body)) return { name: 'v', inline: body.slice(1) }
  const equals = body.indexOf('=')
  if (equals < 0) return { name: body }
  return { name: body.slice(0, equals), inline: body.slice(equals + 1) }
}

/** By the convention of Kubernetes, verbosity 4 is the debug level. */
function levelOf(value: string): 'info' | 'debug' {
  if (!/^\d{1,4}$/.test(value)) {
    throw wrong(`--v must be a whole number from 0, is ${JSON.stringify(value)}`)
  }
  return Number(value) >= 4 ? 'debug' : 'info'
}

const wrong = (detail: string) => new MapperError('invalid_config', detail)
