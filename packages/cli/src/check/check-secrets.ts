import { settingsOf } from './check-delivery.ts'
import type { Resource } from './document.ts'
import type { Remark } from './finding.ts'
import { wordsOf } from './check-driver.ts'

const secret = /pass(word|wd|phrase)?$|secret$|token$|api[-_]?key$|^community$|^pin$/i

/** Passwords and the like that are written into a resource. The text itself is never told. */
export function checkSecrets(resource: Resource, schema?: object): readonly Remark[] {
  const known = schema === undefined ? [] : wordsOf(schema)
  return settingsOf(resource).flatMap(([at, config]) =>
    Object.entries(config).flatMap(([key, value]): readonly Remark[] => {
      if (!secret.test(key) || !isLiteral(value)) return []
      const file = known.find((word) => word === `${key}File`)
      const instead =
        file === undefined
          ? 'keep it where only the mapper can read it'
          : `write ${file}: with the path of a file on the gateway`
      const message = `is written out, for everyone who may read devices; ${instead}`
      return [{ rule: 'secret-literal', path: [...at, key], message }]
    }),
  )
}

/** A path is none, and neither is what somebody is to fill in. */
const isLiteral = (value: unknown) =>
  (typeof value === 'string' && value !== '' && !/^(\/|\$[({]|\{\{|<)/.test(value)) ||
  typeof value === 'number'
