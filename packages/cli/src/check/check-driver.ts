import { isLegalName, valueOptionNames, type Driver, type Issue } from '@mapper-sdk/core'
import type { Remark } from './finding.ts'
import { meant, onlyNear, yamlText } from './near.ts'
import type { RuleName } from './rules.ts'
import type { DeviceSubject } from './subject.ts'

/** What core and the driver say of a device, as a mapper would when it gets it. */
export const checkDriver = (
  subject: DeviceSubject,
  models: readonly string[],
): readonly Remark[] => [...ofModel(subject, models), ...ofDriver(subject)]

function ofModel({ device, model }: DeviceSubject, models: readonly string[]): readonly Remark[] {
  if (model !== undefined) return []
  const known = models.join(', ') || 'none'
  const prefix = `${device.namespace}/`
  const names = models.flatMap((id) => (id.startsWith(prefix) ? id.slice(prefix.length) : []))
  const message = `no DeviceModel ${device.namespace}/${device.model} in the folder (there is: ${known})${meant(device.model, names)}`
  return [{ rule: 'model-missing', path: ['spec', 'deviceModelRef', 'name'], message }]
}

function ofDriver(subject: DeviceSubject): readonly Remark[] {
  const { resolution, noDriver } = subject
  if (noDriver !== undefined) {
    const path = ['spec', 'protocol', 'protocolName']
    return [{ rule: 'protocol-unknown', path, message: noDriver }]
  }
  return (resolution?.issues ?? []).flatMap((issue) => {
    const rule = ruleOfIssue(issue, subject)
    if (rule === undefined) return []
    const { path, message, severity } = issue
    const put = putOf(issue, rule, subject)
    const hint =
      rule === 'property-not-in-model' ? meant(nameAt(issue, subject), names(subject)) : ''
    return [{ rule, path, message: message + hint, severity, ...(put && { put }) }]
  })
}

/** Undefined for what another check says. */
function ruleOfIssue({ path, severity }: Issue, subject: DeviceSubject): RuleName | undefined {
  const last = path.at(-1)
  if (last === 'collectCycle' || last === 'reportCycle') return undefined
  if (path.includes('configData')) {
    return severity === 'warning' ? 'config-unknown-word' : 'config-value'
  }
  if (last === 'value' && path.at(-2) === 'desired') {
    return severity === 'warning' ? 'desired-read-only' : 'desired-value'
  }
  if (path.length === 3) return 'model-limit'
  if (last !== 'name') return 'config-value'
  const name = nameAt({ path }, subject)
  if (!isLegalName(name)) return undefined
  const isThere = names(subject).includes(name)
  return isThere ? 'type-unsupported' : 'property-not-in-model'
}

const names = ({ model }: DeviceSubject): readonly string[] =>
  (model?.model.properties ?? []).map(({ name }) => name)

const nameAt = ({ path }: Pick<Issue, 'path'>, { device }: DeviceSubject): string =>
  device.properties[Number(path[2])]?.name ?? ''

function putOf(issue: Issue, rule: RuleName, subject: DeviceSubject): Remark['put'] {
  if (rule !== 'config-unknown-word' || subject.driver === undefined) return undefined
  const word = issue.path.at(-1)
  const isTop = issue.path.at(-2) === 'configData'
  if (typeof word !== 'string' || !isTop) return undefined
  const isVisitor = issue.path[1] === 'properties'
  const schema = isVisitor ? subject.driver.visitorSchema : subject.driver.protocolSchema
  const known = [...wordsOf(schema), ...(isVisitor ? valueOptionNames : [])]
  const near = onlyNear(word, known)
  if (near === undefined || isGiven(near, issue, subject, subject.driver)) return undefined
  return { at: 'key', text: yamlText(near) }
}

/** Whether the setting is there already, perhaps under another of its names. */
function isGiven(word: string, { path }: Issue, subject: DeviceSubject, driver: Driver): boolean {
  const isVisitor = path[1] === 'properties'
  const property = subject.device.properties[Number(path[2])]
  const raw = isVisitor ? (property?.visitor ?? {}) : subject.device.protocol
  const model = subject.model?.model.properties.find(({ name }) => name === property?.name)
  const known = driver.normalize?.(raw, isVisitor ? 'visitor' : 'protocol', model) ?? raw
  return Object.hasOwn(raw, word) || Object.hasOwn(known, word)
}

/** The names of settings in a schema, also those that only some forms have. */
export function wordsOf(schema: object): readonly string[] {
  const { properties, ...others } = schema as { readonly properties?: object }
  const forms = Object.entries(others).filter(([key]) => formKeys.has(key))
  const inner = forms.flatMap(([, form]) => (Array.isArray(form) ? (form as object[]) : [form]))
  const words = inner.filter(isObject).flatMap(wordsOf)
  return [...new Set([...Object.keys(properties ?? {}), ...words])]
}

const formKeys = new Set(['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else'])
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
