export { driverForProtocol, findDriver, knownDrivers } from './find-driver.ts'
export { checkFolder, checkPaths, formatFinding, type Finding } from './check-folder.ts'
export { rules, type Rule, type RuleName } from './check/rules.ts'
