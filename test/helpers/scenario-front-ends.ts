import { aigesV1Exec, aigesV1ExecStream, aigesV1Stream } from './scenario-aiges-v1.js'
import { aseEvents, aseHttp, aseWebSocket } from './scenario-ase.js'
import { edgeBoardBase64, edgeBoardMultipart } from './scenario-edgeboard.js'
import type { FrontEnd } from './scenario-front-end.js'
import { mindSpore } from './scenario-mindspore.js'
import { oipHttp, oipInfer, oipStream } from './scenario-oip.js'
import { openAiStream, openAiWhole } from './scenario-openai.js'
import { xsfOnce, xsfSession } from './scenario-xsf-calls.js'

/** Every way in which a client can have a request answered. */
export const FRONT_ENDS: readonly FrontEnd[] = [
  aseHttp,
  aseEvents,
  aseWebSocket,
  xsfOnce,
  xsfSession,
  aigesV1Exec,
  aigesV1ExecStream,
  aigesV1Stream,
  oipHttp,
  oipInfer,
  oipStream,
  openAiWhole,
  openAiStream,
  mindSpore,
  edgeBoardBase64,
  edgeBoardMultipart,
]
