import type {
  ClientSession,
  ClientSessionPublishService,
  ClientSessionRawSubscriptionService,
} from 'node-opcua-client'

/** The library's session, with the services of subscriptions, which it keeps for its own use but has. */
export type Session = ClientSession &
  ClientSessionRawSubscriptionService &
  ClientSessionPublishService
