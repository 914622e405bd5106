import type { Writable } from 'node:stream'
import type { CloudDevice } from '@mapper-sdk/edge-sim'
import { changes, harmless, logLine, renderTable, type Picture } from './table.ts'

/** Where `mapper dev` shows what goes on. */
export interface Screen {
  /** The state of the cloud, about twice a second. */
  show(picture: Omit<Picture, 'log'>): void
  /** A line of a child's log. */
  log(line: string, child: string): void
  close(): void
}

export type Terminal = Writable & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** A table that is drawn anew on a terminal; one line per change everywhere else. */
export const createScreen = (out: Terminal): Screen =>
  out.isTTY === true ? createLiveScreen(out) : createLineScreen(out)

const escape = '\u001b['

function createLiveScreen(out: Terminal): Screen {
  const lines: string[] = []
  // The alternate screen, without a cursor: closing gives back what was there before.
  out.write(`${escape}?1049h${escape}?25l`)
  return {
    log(line, child) {
      lines.push(logLine(line, child))
      if (lines.length > 50) lines.shift()
    },
    show(picture) {
      const rows = renderTable({ ...picture, log: lines }, out.columns ?? 80, out.rows ?? 24)
      out.write(`${escape}H${rows.map((row) => `${row}${escape}K`).join('\r\n')}${escape}J`)
    },
    close: () => void out.write(`${escape}?25h${escape}?1049l`),
  }
}

function createLineScreen(out: Terminal): Screen {
  let last: readonly CloudDevice[] = []
  let found: readonly string[] | undefined
  // What is piped or kept in a file is shown on a terminal in the end.
  const say = (line: string) => void out.write(`${harmless(line)}\n`)
  return {
    log: (line, child) => say(logLine(line, child)),
    show({ devices, findings }) {
      // Those of the start are printed already.
      for (const line of found === undefined ? [] : findings) {
        if (!found?.includes(line)) say(line)
      }
      found = findings
      for (const line of changes(last, devices)) say(line)
      last = devices
    },
    close: () => undefined,
  }
}
