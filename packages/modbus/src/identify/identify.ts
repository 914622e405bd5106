import { canceled, MapperError } from '@mapper-sdk/core'
import { isAbsence, isUnknownFunction } from '../link/exceptions.ts'
import type { Answer, IdentificationLevel, ModbusLink, RequestOptions } from '../link/link.ts'
import { nameObjects, objectsIn, serverIdIn, type Identification } from './identification.ts'

export interface IdentifyOptions extends RequestOptions {
  /** How much to ask for; extended, which is everything, if left out. */
  readonly level?: 'basic' | 'regular' | 'extended'
}

/** Answers that one identification may take; the longest that fits the protocol takes fewer. */
const mostAnswers = 64

const levels = { basic: 1, regular: 2, extended: 3 } as const

/**
 * Asks a unit what it is, with functions 43/14 and 17, in as few requests as the device lets. An unknown
 * function, a refusal or silence leaves things out; a device that says nothing gives `{}`. Rejects only
 * with what ended the link or the signal.
 */
export async function identify(
  link: ModbusLink,
  unit: number,
  { level = 'extended', ...options }: IdentifyOptions,
): Promise<Identification> {
  const objects = await readObjects(link, unit, levels[level], options)
  const serverId = await ask(link, options, () => link.reportServerId(unit, options))
  return {
    ...objects,
    ...(serverId !== 'silence' && serverId.ok ? serverIdIn(serverId.data) : {}),
  }
}

/**
 * What the device says of its conformity is not relied on: it may be wrong. The highest level is asked
 * for first, because the lower ones are in it; where that is refused, or they are not, the next.
 */
async function readObjects(
  link: ModbusLink,
  unit: number,
  highest: IdentificationLevel,
  options: RequestOptions,
): Promise<Identification> {
  const texts = new Map<number, string>()
  let answers = 0

  /** `lower`: there may be more at a level below. `cut`: the device did not come to an end. */
  async function stream(level: IdentificationLevel): Promise<'done' | 'lower' | 'cut'> {
    let object = 0
    for (;;) {
      const answer = await ask(link, options, () =>
        link.readIdentification(unit, level, object, options),
      )
      if (answer === 'silence' || !answer.ok) {
        if (object > 0) return 'cut'
        if (answer === 'silence' || isAbsence(answer.exception)) return 'done'
        return isUnknownFunction(answer.exception) ? 'done' : 'lower'
      }
      const list = objectsIn(answer.data)
      for (const [id, text] of list.texts) if (!texts.has(id)) texts.set(id, text)
      const { next } = list
      if (next === undefined) return [0, 1, 2].every((id) => texts.has(id)) ? 'done' : 'lower'
      // Only ever upwards, or the device would be asked in a circle.
      if (next <= object || ++answers >= mostAnswers) return 'cut'
      object = next
    }
  }

  for (const level of ([3, 2, 1] as const).filter((each) => each <= highest)) {
    const end = await stream(level)
    if (end === 'cut') return { ...nameObjects(texts), incomplete: true }
    if (end === 'done') break
  }
  return nameObjects(texts)
}

async function ask(
  link: ModbusLink,
  { signal }: RequestOptions,
  send: () => Promise<Answer>,
): Promise<Answer | 'silence'> {
  try {
    return await send()
  } catch (thrown) {
    if (signal.aborted) throw canceled(signal)
    if (link.failed !== undefined) throw link.failed
    const error = MapperError.from(thrown)
    // Devices ignore what they do not know, or answer it with something that is no answer.
    if (error.code === 'timeout' || error.code === 'bad_data') return 'silence'
    throw error
  }
}
