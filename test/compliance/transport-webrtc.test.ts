import { webrtc } from '../../plugins/transport-webrtc/index.ts'
import { complies } from './transport.ts'

complies('transport-webrtc', () => webrtc({}, { log () {} }))
