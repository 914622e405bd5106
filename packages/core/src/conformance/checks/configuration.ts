import { errorPolicies, MapperError } from '../../errors.ts'
import type { Issue } from '../../config.ts'
import type { ModelProperty, RawConfig } from '../../device.ts'
import { isEqual } from '../../is-equal.ts'
import { problems, property, type Bench } from '../bench.ts'
import { contract, guide, type Rule } from '../check.ts'
import { leaveOut, must, shown, told } from '../verdict.ts'

const topic = 'configuration'

export const configurationRules: readonly Rule[] = [
  {
    ...{ name: 'its schemas can be used and explain every option', topic },
    why: 'Core checks configurations with the schemas, and people read their descriptions.',
    see: `${guide}, "The two configurations"`,
    async attempt({ driver }) {
      for (const name of ['protocolSchema', 'visitorSchema'] as const) {
        const { properties = {} } = driver[name] as { properties?: Record<string, object> }
        for (const [option, schema] of Object.entries(properties)) {
          const { description } = schema as { description?: unknown }
          const isThere = typeof description === 'string' && description.trim() !== ''
          must(isThere, `does not describe ${option} in its ${name}`)
        }
      }
    },
  },
  {
    ...{ name: 'it takes good configurations without a complaint', topic },
    why: 'A right configuration has neither errors nor warnings.',
    see: `${guide}, "The two configurations"`,
    async attempt({ config, rig, protocol }) {
      const issues: Issue[] = []
      config.protocol(structuredClone(rig.protocol), issues)
      for (const { visitor, type } of rig.good) {
        const raw = structuredClone(visitor)
        config.visitor(raw, property('p', type), ['spec'], issues, protocol)
      }
      must(issues.length === 0, `complained about good configurations: ${problems(issues)}`)
    },
  },
  {
    ...{ name: 'it refuses wrong configurations and names the field', topic, needs: ['wrong'] },
    why: 'Every error of a configuration names the field that has to be changed.',
    see: `Driver.check in ${contract}`,
    async attempt({ config, rig, protocol }) {
      for (const { what, field, type = 'STRING', ...wrongConfig } of rig.wrong ?? []) {
        const raw = structuredClone(wrongConfig.raw)
        const issues: Issue[] = []
        const base = what === 'protocol' ? ['spec', 'protocol'] : ['spec', 'visitors']
        const taken =
          what === 'protocol'
            ? config.protocol(raw, issues)
            : config.visitor(raw, property('p', type), ['spec'], issues, protocol)
        const wrong = `the wrong ${what} config ${JSON.stringify(raw)}`
        must(taken === undefined, `took ${wrong}; it must refuse ${field}`)
        const paths = issues.map(({ path }) => path.map(String))
        const isNamed = paths.some((path) =>
          isEqual(path.slice(0, base.length + 2), [...base, 'configData', field]),
        )
        must(isNamed, `named not ${field} as wrong in ${wrong}, but: ${problems(issues)}`)
      }
    },
  },
  {
    ...{ name: 'normalize is pure and need not be called twice', topic },
    why: 'normalize returns the same for the same, changes nothing that it is given, and leaves its own words as they are.',
    see: `Driver.normalize in ${contract}`,
    async attempt({ driver, rig }) {
      if (driver.normalize === undefined) leaveOut('the driver has no normalize')
      for (const [raw, what, model] of allConfigs(rig)) {
        const given = structuredClone(raw)
        const first = structuredClone(driver.normalize(given, what, model))
        const text = `the ${what} config ${JSON.stringify(raw)}`
        must(isEqual(given, raw), `changed ${text} in normalize`)
        const again = driver.normalize(structuredClone(raw), what, model)
        must(isEqual(again, first), `normalized ${text} in two ways`)
        const twice = driver.normalize(structuredClone(first), what, model)
        must(
          isEqual(twice, first),
          `normalized ${text} to ${JSON.stringify(first)}, and that to ${JSON.stringify(twice)}`,
        )
      }
    },
  },
  {
    ...{ name: 'connectionKey says the same for the same protocol config', topic },
    why: 'Devices with the same key share one connection, so the key depends on the config alone.',
    see: `Driver.connectionKey in ${contract}`,
    async attempt({ driver, protocol }) {
      const given = structuredClone(protocol)
      const key = driver.connectionKey(given)
      must(typeof key === 'string', `made a connectionKey that is no text: ${shown(key)}`)
      must(isEqual(given, protocol), 'changed the protocol config in connectionKey')
      const again = driver.connectionKey(structuredClone(protocol))
      must(again === key, `made two keys of one config: ${key} and ${again}`)
    },
  },
  {
    ...{ name: 'check is pure', topic },
    why: 'check says the same for the same, and changes nothing that it is given.',
    see: `Driver.check in ${contract}`,
    async attempt({ driver, protocol, places }) {
      const { check } = driver
      if (check === undefined) leaveOut('the driver has no check')
      for (const { visitor, type, index } of places) {
        const model = property('p', type)
        const given = structuredClone({ protocol, visitor })
        const first = check.call(driver, given.protocol, given.visitor, model)
        must(isEqual(given, { protocol, visitor }), `changed good[${index}] in check`)
        const again = check.call(driver, protocol, visitor, model)
        must(isEqual(first, again), `said two things of good[${index}] in check`)
      }
    },
  },
  {
    ...{ name: 'it changes neither its arguments nor its schemas', topic },
    why: 'Configurations, lists and values belong to core and are used again; schemas and their defaults are shared by all devices.',
    see: `Driver in ${contract}`,
    async attempt(bench) {
      const { driver, places } = bench
      const schemas = () =>
        JSON.stringify({ protocol: driver.protocolSchema, visitor: driver.visitorSchema })
      const before = schemas()
      const connection = await bench.connect()
      // Not frozen, and in no order that anybody would choose: what is changed shows.
      const given = {
        protocol: structuredClone(bench.protocol),
        visitors: [...places, ...places].reverse().map(({ visitor }) => structuredClone(visitor)),
        writes: writable(bench).map(({ visitor, others }) => ({
          visitor: structuredClone(visitor),
          value: structuredClone(others[0] ?? ''),
        })),
      }
      const copy = structuredClone(given)
      await bench.read(connection, given.visitors, given.protocol)
      must(isEqual(given, copy), 'changed what it was given to read')
      if (given.writes.length > 0) await bench.write(connection, given.writes)
      must(isEqual(given, copy), 'changed what it was given to write')
      must(schemas() === before, 'changed its schemas')
    },
  },
  {
    ...{ name: 'its errors have a code of the list', topic: 'reading' },
    why: 'An outcome that is not ok has a MapperError; what is thrown is one, or an error of Node whose code core knows. Its code says what core does next.',
    see: 'docs/reference/errors.md',
    async attempt(bench) {
      const { rig } = bench
      const failed: unknown[] = []
      const connection = await bench.connect()
      if (rig.bad !== undefined) {
        const [outcome] = await bench.read(connection, [bench.visitorOf(rig.bad)])
        if (outcome?.ok === false) failed.push(outcome.error)
      }
      if (rig.refusedWrite !== undefined) {
        const visitor = bench.visitorOf(rig.refusedWrite)
        const [outcome] = await bench.write(connection, [
          { visitor, value: rig.refusedWrite.value },
        ])
        if (outcome?.ok === false) failed.push(outcome.error)
      }
      if (failed.length === 0) leaveOut('the rig has neither a bad place nor a refusedWrite')
      for (const error of failed) {
        must(
          error instanceof MapperError,
          `gave an outcome with an error that is no MapperError: ${told(error)}`,
        )
        const { code } = error
        must(Object.hasOwn(errorPolicies, code), `used the code ${code}, which is not in the list`)
        must(code !== 'internal', `called an answer of the device a bug of its own: ${told(error)}`)
      }
    },
  },
]

export const writable = ({ places }: Bench) => places.filter(({ readOnly }) => readOnly !== true)

type Config = readonly [RawConfig, 'protocol' | 'visitor', ModelProperty?]

function allConfigs({ protocol, good, bad, wrong = [], second }: Bench['rig']): readonly Config[] {
  const places = [...good, ...(second?.good ?? []), ...(bad ? [bad] : [])]
  return [
    [protocol, 'protocol'],
    ...(second ? [[second.protocol, 'protocol'] as const] : []),
    ...places.map(({ visitor, type }) => [visitor, 'visitor', property('p', type)] as const),
    ...wrong.map(
      ({ what, raw, type = 'STRING' }) =>
        [raw, what, what === 'visitor' ? property('p', type) : undefined] as const,
    ),
  ] as readonly Config[]
}
