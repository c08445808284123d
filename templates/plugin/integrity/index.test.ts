import { runPluginSuite } from 'shoal/testing'
import plugin from './index.ts'

runPluginSuite(plugin)
