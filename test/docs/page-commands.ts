import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'vitest'
import { startChild } from '../support/child.ts'
import { until } from '../support/until.ts'
import { root, titleOf, type Block, type Page } from './markdown.ts'

const bin = path.join(root, 'packages/cli/dist/bin.js')

/** Commands of a page, and what it says that they print. */
export interface Example {
  readonly title: string
  readonly text: string
  readonly commands: readonly (readonly string[])[]
  /** What it prints; empty if the page does not say, which stands for nothing. */
  readonly expected: readonly string[]
  /** Is ended by Ctrl-C. */
  readonly keepsRunning: boolean
  /** Ends with exit code 1, and says why. */
  readonly fails: boolean
}

export const examplesOf = (page: Page): readonly Example[] =>
  page.blocks.flatMap((block, index): Example[] => {
    if (block.language !== 'sh') return []
    const next = page.blocks[index + 1]
    return [
      {
        title: titleOf(block),
        text: block.text,
        commands: commandsOf(block),
        expected: next?.language === 'text' ? next.text.trimEnd().split('\n') : [],
        keepsRunning: block.info.has('keeps-running'),
        fails: block.info.has('fails'),
      },
    ]
  })

/** The words behind `npm run mapper --` of each line. */
function commandsOf(block: Block): readonly (readonly string[])[] {
  return block.text
    .trim()
    .split('\n')
    .map((line) => {
      const [, words] = /^npm run mapper -- (.+)$/.exec(line) ?? []
      if (words === undefined) throw new Error(`${titleOf(block)}: not a command of ours: ${line}`)
      return [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, plain = '']) => quoted ?? plain,
      )
    })
}

/** Puts the files of a page into a folder. */
export async function writeFiles(page: Page, folder: string): Promise<void> {
  for (const { info, text } of page.blocks) {
    const title = info.get('title')
    if (title === undefined) continue
    const file = path.join(folder, title)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

export interface PlaceOfTest {
  readonly folder: string
  /** What is written in the page, and what stands for it where the test runs. */
  readonly real: readonly (readonly [written: string, real: string])[]
  /** Makes what differs from one time to the next the same. */
  readonly steady?: (line: string) => string
}

export const start = (args: readonly string[], folder: string) =>
  startChild(process.execPath, [bin, ...args], {}, folder)

/** Runs the commands of an example and compares what they print with the page. Answers what went to stderr. */
export async function check(
  { title, commands, expected, keepsRunning, fails }: Example,
  { folder, real, steady = (line) => line }: PlaceOfTest,
): Promise<string> {
  const there = (word: string) =>
    real.reduce((text, [written, own]) => text.replaceAll(written, own), word)
  const back = (line: string) =>
    steady(real.reduce((text, [written, own]) => text.replaceAll(own, written), line))
  if (keepsRunning) {
    const [args = []] = commands
    const child = start(args.map(there), folder)
    try {
      await until(
        `${title} prints ${expected.join('\n')}`,
        () => child.lines.map(back),
        (lines) => expected.every((line) => lines.includes(line)),
        60_000,
      )
      process.kill(child.pid, 'SIGINT')
      expect(await child.ended, title).toBe(0)
    } finally {
      await child.stop()
    }
    return ''
  }
  const printed: string[] = []
  const said: string[] = []
  for (const args of commands) {
    const { code, out, err } = await run(args.map(there), folder)
    expect(code, `${title}: ${out}${err}`).toBe(fails ? 1 : 0)
    printed.push(...out.split('\n').filter((line) => line !== ''))
    said.push(err)
  }
  expect(printed.map(back), title).toEqual(expected)
  return back(said.join(''))
}

const run = (args: readonly string[], cwd: string) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(process.execPath, [bin, ...args], { cwd }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
