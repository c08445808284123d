import { memoryTransport } from '../../plugins/transport-memory/index.ts'
import { complies } from './transport.ts'

complies('transport-memory', () => memoryTransport())
