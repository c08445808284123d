import { tcp } from '../../plugins/transport-tcp/index.ts'
import { complies } from './transport.ts'

complies('transport-tcp', () => tcp())
