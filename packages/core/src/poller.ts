import { createSchedule } from './schedule.ts'
import type { Clock } from './time.ts'

/** Something that happens again and again. `run` returns at once. */
export interface Task {
  readonly run: () => void
}

/** All that is periodic in a mapper, on one timer. */
export interface Poller {
  /** First run after `phaseMs`, then every `periodMs` from there; a missed run is skipped, not made up. */
  add(task: Task, periodMs: number, phaseMs: number): void
  delete(task: Task): void
  stop(): void
}

export function createPoller(clock: Clock): Poller {
  const schedule = createSchedule<Task>()
  let cancel: () => void = () => undefined
  let armedFor: number | undefined
  let stopped = false

  const arm = () => {
    const next = stopped ? undefined : schedule.next()
    if (next === armedFor) return
    cancel()
    armedFor = next
    cancel = next === undefined ? () => undefined : clock.after(next - clock.now(), tick)
  }

  const tick = () => {
    armedFor = undefined
    for (const task of schedule.due(clock.now())) task.run()
    arm()
  }

  return {
    add(task, periodMs, phaseMs) {
      schedule.add(task, periodMs, clock.now(), phaseMs)
      arm()
    },
    delete(task) {
      schedule.delete(task)
      arm()
    },
    stop() {
      stopped = true
      arm()
    },
  }
}
