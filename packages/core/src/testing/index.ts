export { connectContext } from './connect-context.ts'
export {
  createFakeDriver,
  type FakeDriver,
  type FakeDriverOptions,
  type FakeWatch,
} from './fake-driver.ts'
export { createFakeEdge, type FakeEdge } from './fake-edge.ts'
export { createManualClock, type ManualClock } from './manual-clock.ts'
