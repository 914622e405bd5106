import { createGaps } from './gaps.mjs'

/** The client library alone, used as its own examples do: one subscription, items in groups of 1000. */
// Its level is read while it loads.
process.env.NODEOPCUA_LOG_LEVEL = '0'
const {
  AttributeIds,
  ClientMonitoredItemGroup,
  ClientSubscription,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  TimestampsToReturn,
} = await import('node-opcua-client')

const [url, namespace, count, cycleMs] = process.argv.slice(2)
const gaps = createGaps()
const client = OPCUAClient.create({
  securityMode: MessageSecurityMode.None,
  securityPolicy: SecurityPolicy.None,
  endpointMustExist: false,
})
await client.connect(url)
const session = await client.createSession()
const subscription = ClientSubscription.create(session, {
  requestedPublishingInterval: Number(cycleMs),
  requestedLifetimeCount: 600,
  requestedMaxKeepAliveCount: 20,
  maxNotificationsPerPublish: 0,
  publishingEnabled: true,
})
await new Promise((resolve) => subscription.once('started', resolve))
for (let from = 0; from < Number(count); from += 1_000) {
  const items = Array.from({ length: Math.min(1_000, Number(count) - from) }, (_, i) => ({
    nodeId: `ns=${namespace};s=Changing.${from + i}`,
    attributeId: AttributeIds.Value,
  }))
  const group = ClientMonitoredItemGroup.create(
    subscription,
    items,
    { samplingInterval: Number(cycleMs), queueSize: 20, discardOldest: true },
    TimestampsToReturn.Both,
  )
  const counters = gaps.counters(items.length)
  group.on('changed', (_item, dataValue, index) => {
    if (dataValue.statusCode.isGood()) counters.note(index, dataValue.value.value)
  })
  await new Promise((resolve) => group.once('initialized', resolve))
}
process.on('message', (question) => process.send(gaps.report(question)))
process.on('disconnect', () => void client.disconnect().then(() => process.exit(0)))
process.send({ ready: true })
