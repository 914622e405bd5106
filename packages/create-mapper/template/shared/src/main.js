// @ts-check
import { main } from '@mapper-sdk/core/main'
import { driver } from './driver.js'

await main(driver)
