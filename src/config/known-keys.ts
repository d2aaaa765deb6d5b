import {
  appSection,
  modelSection,
  modelSlotsSection,
  sectionSchemas,
  serviceSection,
  wrapperSection,
} from './sections.js'

/** Stands for the service's section, whose name is the service's. */
export const SERVICE_SECTION = '<service>'

const keysOf = (schema: { readonly shape: object }) => Object.keys(schema.shape)

/** Keys with an effect by section: those of the schemas. */
export const EFFECTIVE_KEYS: Readonly<Record<string, readonly string[]>> = {
  [SERVICE_SECTION]: keysOf(serviceSection),
  wrapper: keysOf(wrapperSection),
  ...Object.fromEntries(Object.entries(sectionSchemas).map(([name, schema]) => [name, keysOf(schema.unwrap())])),
}

/** Keys of `[models.<key>]` and of its section `fc`; its section `wrapper` may hold any. */
export const MODEL_KEYS = keysOf(modelSection)
export const MODEL_SLOTS_KEYS = keysOf(modelSlotsSection)

/** Keys of `[auth.apps.<id>]`. */
export const APP_KEYS = keysOf(appSection)

/** Keys that files of existing deployments hold, which this version accepts and does not act on. Source: the AIGES loader. */
export const KEYS_WITHOUT_EFFECT: Readonly<Record<string, readonly string[]>> = {
  [SERVICE_SECTION]: ['finder'],
  aiges: [
    ...['sessMode', 'numaNode', 'gray', 'gesMock', 'httpRetry', 'wrapperTrace'],
    ...['storageData', 'asyncRelease', 'sessDelGt'],
  ],
  fc: ['able', 'best', 'roll', 'strategy', 'tasksize', 'taskchsize'],
  log: ['async'],
  auth: ['meterWrapperCtrl', 'meterCtrl', 'janusCtrl'],
  resource: ['able'],
  elog: [
    ...['elogRemote', 'elogLocal', 'elogConsumer', 'elogHost', 'elogPort', 'elogXml', 'elogSpill'],
    ...['elogS3ak', 'elogS3sk', 'elogS3ep', 'elogZkhost'],
  ],
  lbv2: [
    ...['lbname', 'able', 'sub', 'subsvc', 'apiversion', 'conn-timeout', 'conn-pool-size'],
    ...['lb-mode', 'lb-retry', 'taddrs'],
  ],
  trace: ['able', 'host', 'port', 'deliver', 'dump', 'backend', 'buffer', 'bcluster', 'idc', 'loadts'],
  sonar: ['able'],
  pprof: ['able', 'host', 'port', 'svcName', 'proxyAddr'],
  dataProcess: ['rsable'],
  downAsync: ['rabHost', 'rabUser', 'rabPass', 'rabQueue', 'retry', 'nrtDBUrl'],
}

/** Every section that belongs to the daemon, and so can be no service's. */
export const RESERVED_SECTIONS: ReadonlySet<string> = new Set(
  ['models', ...Object.keys(EFFECTIVE_KEYS), ...Object.keys(KEYS_WITHOUT_EFFECT)].filter(
    name => name !== SERVICE_SECTION,
  ),
)

/** Whether a section of a file could be a service's: `-s` can only name one of these. */
export function looksLikeService(name: string, content: unknown): boolean {
  if (RESERVED_SECTIONS.has(name) || typeof content !== 'object' || content === null) return false
  const keys = [...(EFFECTIVE_KEYS[SERVICE_SECTION] ?? []), ...(KEYS_WITHOUT_EFFECT[SERVICE_SECTION] ?? [])]
  return keys.some(key => Object.hasOwn(content, key))
}
