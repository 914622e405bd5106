#!/usr/bin/env node
import { main } from '@mapper-sdk/core/main'
import { modbusDriver } from './driver.ts'

await main(modbusDriver)
