import { expect, test } from 'vitest'
import { normalize } from '../config/dialects.ts'
import { dataTypes } from '../config/visitor.ts'
import { commandLine, typeOfData } from './command-line.ts'

test.each([
  ['192.0.2.10', { url: 'opc.tcp://192.0.2.10:4840' }],
  ['plc:4841/line', { url: 'opc.tcp://plc:4841/line' }],
  ['opc.tcp://[2001:db8::1]:4840', { url: 'opc.tcp://[2001:db8::1]:4840' }],
  [
    'opc.tcp://plc?securityPolicy=auto&userName=o&passwordFile=/run/p=w',
    {
      ...{ url: 'opc.tcp://plc:4840', securityPolicy: 'auto' },
      ...{ userName: 'o', passwordFile: '/run/p=w' },
    },
  ],
])('%s is a server', (text, words) => {
  expect(normalize(commandLine.protocol(text), 'protocol')).toEqual(words)
})

test.each(['?a=b', 'plc?auto', 'plc?=x'])('%s is none', (text) => {
  expect(() => commandLine.protocol(text)).toThrow(
    expect.objectContaining({ code: 'invalid_config' }),
  )
})

test.each([
  ['ns=2;s=Speed', { nodeID: 'ns=2;s=Speed' }, 12],
  ['i=85', { nodeID: 'i=85' }, 4],
  ['nsu=urn:a,b;s=c,d=e', { nodeID: 'nsu=urn:a,b;s=c,d=e' }, 19],
  ['/2:Line,A/2:Speed', { browsePath: '/2:Line,A/2:Speed' }, 17],
])('%s is a node', (text, visitor, length) => {
  expect(commandLine.visitor(text)).toEqual(visitor)
  expect(commandLine.headLength!(text)).toBe(length)
  expect(commandLine.headLength!(`${text},member=a,b`)).toBe(length)
  expect(commandLine.headLength!(`${text},scale=0.1`)).toBe(length)
})

test('key=value pairs alone are told as ever', () => {
  expect(commandLine.headLength!('nodeID=i=85,attribute=BrowseName')).toBeUndefined()
})

test('every data type has a property type', () => {
  const types = Object.fromEntries(dataTypes.map((type) => [type, typeOfData(type)]))
  expect(types).toMatchObject({
    ...{ Boolean: 'BOOLEAN', UInt64: 'INT', SByte: 'INT', Float: 'FLOAT', Double: 'DOUBLE' },
    ...{ ByteString: 'BYTES', DateTime: 'STRING', LocalizedText: 'STRING' },
  })
})
