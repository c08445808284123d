import { quic } from '../../plugins/transport-quic/index.ts'
import { complies } from './transport.ts'

complies('transport-quic', () => quic())
