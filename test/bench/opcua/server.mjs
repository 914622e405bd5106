import { startOpcuaSimulator } from '@mapper-sdk/opcua/simulator'

/** The field: counters that all change together, and none of whose changes the server leaves out. */
const [count, everyMs] = process.argv.slice(2).map(Number)
const field = await startOpcuaSimulator({ items: { count, everyMs } })
process.on('message', () => process.send({ items: field.monitoredItemCount }))
process.on('disconnect', () => void field.close().then(() => process.exit(0)))
process.send({ url: field.url, namespace: field.namespaceIndex })
