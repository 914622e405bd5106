import { MapperError, type Logger } from '@mapper-sdk/core'
import type { OPCUAClient } from 'node-opcua-client'
import { closeClient, breakConnection } from './close-client.ts'
import { failureOf, isSessionGone } from './failure.ts'
import { startHeartbeat } from './heartbeat.ts'
import type { LinkListener, OpcuaLink } from './link.ts'
import { isSameServer, readServerFacts, type ServerFacts } from './server-facts.ts'
import type { Session } from './session.ts'
import { within } from './within.ts'

/** A session that was just opened, and for how long its link may take to do what. */
export interface Opened {
  readonly url: string
  readonly client: OPCUAClient
  readonly session: Session
  readonly facts: ServerFacts
  readonly timeoutMs: number
  /** For how long an interrupted session is resumed. */
  readonly resumeForMs: number
  readonly logger: Logger
  /** What belongs to the session and ends with it. */
  readonly onClose: () => void
}

/** How long closing may take; core gives a second for all of it. */
const closeMs = 400

/** Watches over an open session: notices when it is interrupted, resumed or lost. */
export function keepLink(opened: Opened): OpcuaLink {
  const { url, client, session, facts, timeoutMs, resumeForMs, logger } = opened
  const listeners = new Set<LinkListener>()
  const closed = new AbortController()
  let trouble: OpcuaLink['trouble']
  /** The library replaces it without a word when the server has forgotten the session. */
  let known = session.sessionId
  let giveUp: NodeJS.Timeout | undefined
  let verifying: Promise<void> | undefined
  let closing: Promise<void> | undefined

  const tell = (say: (listener: LinkListener) => void) => [...listeners].forEach(say)

  const interrupt = (error: MapperError) => {
    if (trouble !== undefined || closed.signal.aborted) return
    trouble = { error, lost: false }
    logger.info({ err: error, server: url }, 'the session is interrupted')
    giveUp = setTimeout(
      () =>
        lose(
          new MapperError(
            'unreachable',
            `${url} has been away for ${resumeForMs} ms, longer than it keeps a session`,
            { cause: error },
          ),
        ),
      resumeForMs,
    )
    tell((listener) => listener.interrupted(error))
  }

  const lose = (error: MapperError) => {
    if (trouble?.lost === true || closed.signal.aborted) return
    clearTimeout(giveUp)
    heartbeat.stop()
    trouble = { error, lost: true }
    logger.info({ err: error, server: url }, 'the session is lost')
    tell((listener) => listener.lost(error))
  }

  /** The client library has mended the connection; whether the session is still the one that we know is our question. */
  const verify = () => (verifying ??= check().finally(() => (verifying = undefined)))

  const check = async () => {
    try {
      const found = session.sessionId
      const now = await within(readServerFacts(session), timeoutMs, closed.signal, 'server facts')
      if (trouble?.lost === true || closed.signal.aborted) return
      if (session.sessionId !== found) throw new Error('the session was replaced meanwhile')
      const sameSession = found === known
      known = found
      if (!(sameSession || Number.isFinite(now.startedAt)) || !isSameServer(facts, now)) {
        return lose(new MapperError('unreachable', `${url} was restarted`))
      }
      clearTimeout(giveUp)
      trouble = undefined
      logger.info({ server: url, sameSession }, 'the session goes on')
      tell((listener) => listener.resumed(sameSession))
    } catch (thrown) {
      if (closed.signal.aborted) return
      const error = failureOf(thrown)
      if (isSessionGone(thrown)) return lose(error)
      logger.debug({ err: error }, 'the resumed session could not be verified')
      breakConnection(client)
    }
  }

  /** True if the session is not the one that all was asked for. */
  const notice = (): boolean => {
    if (session.sessionId === known) return false
    if (trouble === undefined && !closed.signal.aborted) {
      interrupt(new MapperError('unreachable', `${url} has forgotten the session`))
      void verify()
    }
    return true
  }

  const onLost = () => interrupt(new MapperError('unreachable', `the connection to ${url} broke`))
  const onMended = () => void verify()
  const onEnd = () => lose(new MapperError('unreachable', `the connection to ${url} has ended`))
  const onSessionClosed = (status: unknown) =>
    lose(new MapperError('unreachable', `${url} closed the session: ${String(status)}`))
  client.on('connection_lost', onLost)
  client.on('connection_reestablished', onMended)
  client.on('close', onEnd)
  session.on('session_closed', onSessionClosed)

  let lastAnswer = session.lastResponseReceivedTime
  let heardAt = performance.now()
  /** The library dates answers by the clock of the machine, which may be set; a change of date is an answer. */
  const silentFor = () => {
    if (session.lastResponseReceivedTime !== lastAnswer) {
      lastAnswer = session.lastResponseReceivedTime
      heardAt = performance.now()
    }
    return performance.now() - heardAt
  }

  const heartbeat = startHeartbeat({
    timeoutMs,
    signal: closed.signal,
    isQuiet: (ms) => trouble === undefined && silentFor() >= ms,
    ping: async () => {
      await session.read({ nodeId: 'i=2259', attributeId: 13 })
      notice()
    },
    failed(thrown) {
      const error = failureOf(thrown)
      if (isSessionGone(thrown)) return lose(error)
      interrupt(error)
      breakConnection(client)
    },
  })

  const shutDown = async () => {
    const last = trouble
    closed.abort(new MapperError('canceled', 'the session is closed'))
    clearTimeout(giveUp)
    heartbeat.stop()
    client.off('connection_lost', onLost)
    client.off('connection_reestablished', onMended)
    client.off('close', onEnd)
    session.off('session_closed', onSessionClosed)
    // A server that was lost in silence may be there again: it need not keep the session until it times out.
    await closeClient(client, session, last === undefined || last.lost ? closeMs : 0)
    opened.onClose()
  }

  return {
    facts,
    get trouble() {
      return trouble
    },
    get session() {
      return trouble === undefined && !closed.signal.aborted ? session : undefined
    },
    async ask(what, run, signal) {
      if (closed.signal.aborted) throw closed.signal.reason as MapperError
      if (trouble !== undefined) throw trouble.error
      try {
        const answer = await within(run(session), timeoutMs, signal, what)
        if (!notice()) return answer
        // It may be one of another server process, in which the same indexes name other namespaces.
        throw new MapperError('unreachable', `${url} has forgotten the session`)
      } catch (thrown) {
        const error = failureOf(thrown)
        if (isSessionGone(thrown)) lose(error)
        else if (error.code === 'timeout' && !signal.aborted) heartbeat.now()
        throw error
      }
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    lose,
    close: () => (closing ??= shutDown()),
  }
}
