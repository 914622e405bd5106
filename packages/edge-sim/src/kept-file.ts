import type { Logger } from '@mapper-sdk/core'
import { rename, writeFile } from 'node:fs/promises'
import { createSequence } from './sequence.ts'

/** A file that follows a text: never half written, and left alone while the text is the same. */
export interface KeptFile {
  /** To be called when the text may have changed. */
  update(): void
  /** Resolves when the file holds the text of the last update. */
  idle(): Promise<void>
}

export function keepFile(file: string, text: () => string, logger: Logger): KeptFile {
  let written: string | undefined
  const writes = createSequence((error) => {
    logger.error({ err: error, file }, 'the file could not be written')
  })
  return {
    update: () =>
      writes.add(async () => {
        const now = text()
        if (now === written) return
        await writeFile(`${file}~`, now)
        await rename(`${file}~`, file)
        written = now
      }),
    idle: () => writes.idle(),
  }
}
