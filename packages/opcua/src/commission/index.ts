export { browseTree, deepestTree, type TreeEnd, type TreeWish } from './browse-tree.ts'
export type {
  BrowsedNode,
  BrowsedVariable,
  NodeClassName,
  Step,
} from './browsed-node.ts'
export { discover, type DiscoveredEndpoint, type Discovery } from './discover.ts'
export { reach, type Reached } from './reach.ts'
