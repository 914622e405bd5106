import { expect, it } from 'vitest'
import { MapperError } from '@mapper-sdk/core'
it('keeps the cause', () => {
  expect(MapperError.from(new Error('x')).code).toBe('internal')
})
