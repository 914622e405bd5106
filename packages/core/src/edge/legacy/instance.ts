import { recordOf, textOf, type Unknown } from './json.ts'

/** An entry of `deviceInstances`, whichever form it has in the file. */
export interface Instance {
  readonly name: string
  readonly model: string
  readonly protocolName: string
  readonly protocol: Unknown
  /** Where a visitor has its configuration. */
  readonly visitorKey: string
  readonly visitors: unknown
  readonly twins: unknown
  readonly data: Unknown
  /** Where these lists are, below the entry. */
  readonly paths: { readonly visitors: string; readonly twins: string; readonly data: string }
}

/** The last CloudCores of these times write each device as the custom resource that it is (v1alpha2). */
export function fromCustomResource(resource: Unknown): Instance {
  const spec = recordOf(resource['spec']) ?? {}
  const protocol = recordOf(spec['protocol']) ?? {}
  const kind = Object.keys(protocol).find((key) => key !== 'common') ?? ''
  const customized = recordOf(protocol['customizedProtocol'])
  const common = recordOf(protocol['common'])
  return {
    name: textOf(recordOf(resource['metadata'])?.['name']),
    model: textOf(recordOf(spec['deviceModelRef'])?.['name']),
    protocolName: customized === undefined ? kind : textOf(customized['protocolName']),
    protocol:
      customized === undefined
        ? protocol
        : { ...recordOf(customized['configData']), ...(common && { common }) },
    visitorKey: customized === undefined ? kind : 'customizedProtocol',
    visitors: spec['propertyVisitors'],
    twins: recordOf(resource['status'])?.['twins'],
    data: recordOf(spec['data']) ?? {},
    paths: { visitors: 'spec.propertyVisitors', twins: 'status.twins', data: 'spec.data' },
  }
}
