#!/usr/bin/env node
import { main } from '@mapper-sdk/core/main'
import { serialDriver } from './driver.ts'

await main(serialDriver)
