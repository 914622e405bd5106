import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** A fenced block of a page. */
export interface Block {
  readonly page: string
  /** From 1, of the first line of its text. */
  readonly line: number
  readonly language: string
  /** `file=x` and `visitor=INT` of the info string; a bare word has the value ''. */
  readonly info: ReadonlyMap<string, string>
  readonly text: string
}

export interface Page {
  /** Relative to the root. */
  readonly name: string
  readonly text: string
  readonly blocks: readonly Block[]
}

const inFolder = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'dist' ? [] : inFolder(name)
    return name.endsWith('.md') ? [name] : []
  })

/** All pages that people read. */
export const pages: readonly Page[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...inFolder('docs'),
  ...inFolder('examples'),
  ...readdirSync(path.join(root, 'packages')).map((name) => `packages/${name}/README.md`),
].map((name) => {
  const text = readFileSync(path.join(root, name), 'utf8')
  return { name, text, blocks: blocksOf(name, text) }
})

export const blocks = pages.flatMap(({ blocks }) => blocks)

function blocksOf(page: string, text: string): Block[] {
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map((match) => {
    const [language = '', ...words] = (match[1] ?? '').split(' ')
    const info = words.map((word): [string, string] => {
      const [key = '', value = ''] = word.split('=')
      return [key, value]
    })
    const line = text.slice(0, match.index).split('\n').length + 1
    return { page, line, language, info: new Map(info), text: match[2] ?? '' }
  })
}

export const titleOf = ({ page, line }: Block) => `${page}:${line}`

/** The ids of the headings of a page, as GitHub makes them. */
export const anchorsOf = ({ text }: Page): readonly string[] =>
  [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

/** The words in backticks of each row of a table, by column; the table stands below the heading. */
export function tableBelow(page: Page, heading: string): readonly (readonly string[][])[] {
  const from = page.text.indexOf(`\n${heading}\n`)
  if (from === -1) throw new Error(`${page.name} has no heading ${heading}`)
  const [table = ''] = /(?:^\|.*\n)+/m.exec(page.text.slice(from)) ?? []
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)),
    )
}

export function pageOf(name: string): Page {
  const page = pages.find((each) => each.name === name)
  if (page === undefined) throw new Error(`no page ${name}`)
  return page
}
