export { browseTree, deepestTree, type TreeEnd, type TreeWish } from './browse-tree.ts'
export type { BrowsedNode, BrowsedVariable, NodeClassName, Step } from './browsed-node.ts'
export { deviceFiles, type DeviceFiles, type DeviceFilesWish } from './device-files.ts'
export { discover, type DiscoveredEndpoint, type Discovery } from './discover.ts'
export { nodeFilter } from './node-filter.ts'
export { propertyNames, resourceName } from './property-names.ts'
export { reach, type Reached } from './reach.ts'
export { pkiFolderIn } from '../link/connect-link.ts'
export { dayOf, daysLeft, describeCertificate, type Certificate } from '../pki/certificate.ts'
export {
  listCertificates,
  trust,
  untrust,
  type CertificateRoom,
  type StoredCertificate,
} from '../pki/trust-list.ts'
