export type Library = typeof import('node-opcua-client')

/** The client library, loaded when the first device needs it: it takes 70 MB and most of a second. */
export const loadLibrary = async (): Promise<Library> => import('node-opcua-client')
