import { main } from '@mapper-sdk/core/main'
import { driver } from './driver.ts'

await main(driver)
