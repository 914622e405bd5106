#!/usr/bin/env node
import { main } from '@mapper-sdk/core/main'
import { opcuaDriver } from './driver.ts'

await main(opcuaDriver)
