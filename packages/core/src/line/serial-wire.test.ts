import { chmod, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { requireServer } from '../../../../test/support/require-server.ts'
import { scratchFolder } from '../../../../test/support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../../../../test/support/serial-pair.ts'
import { MapperError } from '../errors.ts'
import { openSerialWire } from './serial-wire.ts'
import type { SerialSettings, Wire } from './wire.ts'

const signal = new AbortController().signal

async function startLine(context: TestContext) {
  if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
  const { folder, remove } = await scratchFolder()
  context.onTestFinished(remove)
  const pair = await startSerialPair(folder)
  context.onTestFinished(() => pair.stop())
  const open = async (end: string, more: Partial<SerialSettings> = {}): Promise<Wire> => {
    const settings = { kind: 'serial', path: end, baudRate: 115_200 } as const
    const wire = await openSerialWire(
      { ...settings, dataBits: 8, stopBits: 1, parity: 'none', ...more },
      signal,
    )
    context.onTestFinished(() => wire.close())
    return wire
  }
  return { folder, pair, open, near: pair.ends[0], far: pair.ends[1] }
}

/** The error, which names the port. */
async function failure(opening: Promise<Wire>): Promise<MapperError> {
  const error = await opening.then(
    () => new Error('it was opened'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof MapperError) return error
  throw error
}

/** Bytes of a wire, until there are so many. */
const heard = (wire: Wire, length: number) =>
  new Promise<string>((resolve) => {
    let text = ''
    wire.listen(
      (bytes) => {
        text += bytes.toString()
        if (text.length >= length) resolve(text)
      },
      () => undefined,
    )
  })

describe('a serial port that cannot be opened says why', () => {
  it('because it is in use', async (context) => {
    const { near, open } = await startLine(context)
    const wire = await open(near)
    const busy = await failure(open(near))
    expect(busy.code).toBe('unreachable')
    expect(busy.detail).toContain(`serial port ${near}: `)
    expect(busy.detail).toContain('another process has it open')
    await wire.close()
    await open(near)
  })

  it('because nobody may', async (context) => {
    const { near, open } = await startLine(context)
    // So that all of what opening needs is loaded before rights are given up.
    await (await open(near)).close()
    const terminal = await realpath(near)
    await chmod(terminal, 0o000)
    const denied = await withoutRights(() => failure(open(terminal)))
    expect(denied.code).toBe('access_denied')
    expect(denied.detail).toContain(`serial port ${terminal}: `)
    expect(denied.detail).toMatch(/permission denied.*user of the mapper needs the right.*dialout/i)
  })

  it('because it is not there', async () => {
    const missing = '/dev/serial/by-id/usb-not-there'
    const settings = { kind: 'serial', path: missing, baudRate: 9600 } as const
    const error = await failure(
      openSerialWire({ ...settings, dataBits: 8, stopBits: 1, parity: 'none' }, signal),
    )
    expect(error.code).toBe('unreachable')
    expect(error.detail).toContain('ENOENT')
    expect(error.detail).toContain(missing)
  })
})

it('a port that takes no bytes is given up, and the process lives', async (context) => {
  const { near, far, open, pair } = await startLine(context)
  const wire = await open(near, { baudRate: 4_000_000 })
  let lost: MapperError | undefined
  wire.listen(
    () => undefined,
    (reason) => (lost = reason),
  )
  pair.freeze()
  // More than the system keeps for a reader that does not read.
  const error = await wire.write(Buffer.alloc(300_000)).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'unreachable' })
  expect(String(error)).toMatch(/does not take bytes: not done in \d{4} ms/)
  expect(lost).toBe(error)
  await expect(wire.write(Buffer.of(1))).rejects.toBe(error)
  await wire.close()
  pair.thaw()

  const [again, other] = [await open(near), await open(far)]
  await other.discardInput()
  const answer = heard(again, 5)
  await other.write(Buffer.from('again'))
  expect((await answer).slice(-5)).toBe('again')
})

it('a port is opened without the help of other programs', async (context) => {
  const { folder, near, far, open } = await startLine(context)
  const bin = path.join(folder, 'bin')
  const trace = path.join(folder, 'trace')
  await mkdir(bin)
  for (const name of ['udevadm', 'stty', 'ls']) {
    await writeFile(path.join(bin, name), `#!/bin/sh\necho ${name} >> ${trace}\n`, { mode: 0o755 })
  }
  const usual = process.env['PATH']
  process.env['PATH'] = bin
  try {
    const [one, other] = [await open(near), await open(far)]
    const answer = heard(one, 5)
    await other.write(Buffer.from('hello'))
    expect(await answer).toBe('hello')
  } finally {
    process.env['PATH'] = usual
  }
  await expect(readFile(trace, 'utf8')).rejects.toMatchObject({ code: 'ENOENT' })
})

/** As a user who is not root; only root has to become one. */
async function withoutRights<T>(run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return run()
  process.seteuid?.(65_534)
  try {
    return await run()
  } finally {
    process.seteuid?.(0)
  }
}
