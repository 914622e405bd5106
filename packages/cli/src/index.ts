export { driverForProtocol, findDriver, knownDrivers } from './find-driver.ts'
export { checkFolder, formatFinding, type Finding } from './check-folder.ts'
