export { driverForProtocol, findDriver, knownDrivers } from './find-driver.ts'
export { checkFolder, checkPaths } from './check-folder.ts'
export { formatFinding, type Finding } from './check/finding.ts'
export { rules, type Rule, type RuleName } from './check/rules.ts'
