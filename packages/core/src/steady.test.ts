import { describe, expect, it } from 'vitest'
import { createSteady } from './steady.ts'
import { createManualClock } from './testing/index.ts'

const rig = (holdMs = 2_000) => {
  const clock = createManualClock()
  const changes: string[] = []
  const onChange = (value: string) => void changes.push(value)
  return { clock, changes, steady: createSteady<string>({ clock, holdMs, onChange }) }
}

describe('a steady value', () => {
  it('takes the first value at once, and a change when it has lasted', async () => {
    const { clock, changes, steady } = rig()
    steady.propose('ok')
    steady.propose('offline')
    await clock.advance(1_999)
    expect(changes).toEqual(['ok'])
    await clock.advance(1)
    expect(changes).toEqual(['ok', 'offline'])
  })

  it('does not flap', async () => {
    const { clock, changes, steady } = rig()
    for (let i = 0; i < 100; i++) {
      steady.propose(i % 2 === 0 ? 'ok' : 'offline')
      await clock.advance(1_000)
    }
    expect(changes).toEqual(['ok'])
    expect(steady.value).toBe('ok')
  })

  it('measures the time of the newest candidate alone', async () => {
    const { clock, changes, steady } = rig()
    steady.propose('ok')
    steady.propose('unhealthy')
    await clock.advance(1_500)
    steady.propose('offline')
    await clock.advance(1_500)
    expect(changes).toEqual(['ok'])
    await clock.advance(500)
    expect(changes).toEqual(['ok', 'offline'])
  })

  it('leaves no timer when stopped', () => {
    const { clock, steady } = rig()
    steady.propose('ok')
    steady.propose('offline')
    steady.stop()
    expect(clock.pending).toBe(0)
  })
})
