import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { pageOf, root } from './markdown.ts'

const { text } = pageOf('docs/CHANGELOG.md')
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  version: string
}

test('the versions of the changelog are in their order, the newest first', () => {
  const titles = [...text.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title)
  expect(titles[0]).toBe('[Unreleased]')
  const released = titles.slice(1).map((title) => {
    expect(title).toMatch(/^\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$/)
    return title.slice(1, title.indexOf(']'))
  })
  const byNumber = (a: string, b: string) => b.localeCompare(a, 'en', { numeric: true })
  expect(released).toEqual(released.toSorted(byNumber))
})

test('the version of the packages is in it, released or to come', () => {
  const [, unreleased = ''] = text.split('\n## [Unreleased]\n')
  const named = text.includes(`\n## [${version}] - `) || unreleased.includes(`become ${version},`)
  expect(named).toBe(true)
})

test('changes are under the headings of the form', () => {
  const known = [
    ...['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security', 'Known limits'],
  ]
  const used = [...text.matchAll(/^### (.+)$/gm)].map(([, title = '']) => title)
  expect(used.length).toBeGreaterThan(0)
  for (const title of used) expect(known).toContain(title)
})
