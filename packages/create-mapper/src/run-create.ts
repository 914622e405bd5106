import { spawn } from 'node:child_process'
import { chooseByPrompts, chooseUsual, type Choice } from './choose.ts'
import { createProject } from './create-project.ts'
import { parseFlags, usage, type Flags } from './flags.ts'

/** The command. Answers the exit code: 0 fine, 1 it did not work, 2 wrong usage. */
export async function runCreate(args: readonly string[]): Promise<number> {
  let flags: Flags
  let choice: Choice | undefined
  try {
    flags = parseFlags(args)
    if (flags.help) {
      process.stdout.write(usage)
      return 0
    }
    const isAsked = !flags.yes && process.stdin.isTTY && process.stdout.isTTY
    choice = isAsked ? await chooseByPrompts(flags) : chooseUsual(flags)
  } catch (thrown) {
    complain(`${messageOf(thrown)}\nSee npm create @mapper-sdk/mapper -- --help`)
    return 2
  }
  if (choice === undefined) {
    complain('nothing was made')
    return 1
  }
  const { packages } = flags
  try {
    await createProject({ ...choice, ...(packages !== undefined && { packages }) })
  } catch (thrown) {
    complain(messageOf(thrown))
    return 1
  }
  const { folder } = choice
  process.stdout.write(`The project is in ${folder}.\n`)
  if (flags.install && !(await install(folder, packages !== undefined))) {
    complain(`npm install failed. The files are there: run it again in ${folder}`)
    return 1
  }
  process.stdout.write(nextSteps(folder, flags.install))
  return 0
}

async function install(folder: string, isOffline: boolean): Promise<boolean> {
  const args = ['install', '--no-audit', '--no-fund', ...(isOffline ? ['--prefer-offline'] : [])]
  const npm = spawn('npm', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  return new Promise((resolve) => {
    npm.once('error', () => resolve(false))
    npm.once('close', (code) => resolve(code === 0))
  })
}

const nextSteps = (folder: string, isInstalled: boolean) =>
  [
    'Next:',
    `  cd ${folder}`,
    ...(isInstalled ? [] : ['  npm install']),
    '  npm test       tries the driver against its simulated device',
    '  npm start      runs both, and shows the twins',
    '',
  ].join('\n')

const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown))
const complain = (message: string) => void process.stderr.write(`create-mapper: ${message}\n`)
