import * as z from 'zod'
import { MODEL_KINDS, OPEN_ACCESS } from './daemon-config.js'
import {
  adminToken,
  apiKey,
  basePath,
  flag,
  integer,
  listenAddress,
  logLevel,
  milliseconds,
  modelName,
  modelNames,
  nonEmpty,
  origins,
  secret,
  secrets,
  text,
  variableNames,
} from './values.js'

/** What `[fc] max` counts: what is in flight, or what begins in a time. */
const ROUTERS = ['sessionManager', 'qpsLimiter'] as const

const section = <Shape extends z.ZodRawShape>(name: string, shape: Shape) =>
  z.object(shape, { error: `a section: [${name}]` }).prefault({} as never)

/** The section that `-s` names. */
export const serviceSection = z.object(
  {
    host: nonEmpty().default('0.0.0.0'),
    port: integer(0, 65535).default(5090),
    http_listen: listenAddress().optional(),
  },
  { error: 'a section' },
)

/** The sections besides the service's and `[wrapper]`, with the keys that have an effect; source of their limits and defaults. */
export const sectionSchemas = {
  aiges: section('aiges', {
    sub: nonEmpty().default('ase'),
    usrCfg: text().default(''),
    pluginCmd: text().default(''),
    pythonPluginCmd: text().default(''),
    pluginTls: flag().default(false),
    wrapperLib: text().default(''),
    asyncMode: flag().default(false),
    realTimeRlt: flag().default(true),
    schema: text().default(''),
    headerPass: text().default(''),
    normalizeText: flag().default(false),
    replicas: integer(1, 1024).default(1),
    concurrency: integer(1, 65536).optional(),
    maxBatch: integer(0, 65536).default(0),
    maxBatchDelayMs: milliseconds(0).default(0),
    wrapperDelayDetectPeriod: integer(0, 86_400).default(60),
    retryCrashed: flag().default(false),
    recycleRequests: integer(0, 2 ** 31 - 1).default(0),
    recycleMemoryMiB: integer(0, 2 ** 31 - 1).default(0),
    onceTimeoutMs: milliseconds().default(120_000),
    startTimeoutMs: milliseconds().default(60_000),
    drainTimeoutMs: milliseconds(0).default(30_000),
    unreadyMs: milliseconds(0).default(0),
    reloadOnChange: flag().default(false),
    passEnv: variableNames().default([]),
    runAs: text().default(''),
  }),
  admin: section('admin', {
    enabled: flag().default(false),
    token: adminToken().default(''),
  }),
  tls: section('tls', {
    cert: text().default(''),
    key: text().default(''),
    clientCa: text().default(''),
    http: flag().default(true),
    grpc: flag().default(true),
  }),
  auth: section('auth', {
    enabled: flag().default(false),
    open: z
      .array(z.enum(OPEN_ACCESS), { error: `a list with any of ${OPEN_ACCESS.map(name => `"${name}"`).join(', ')}` })
      .default([...OPEN_ACCESS]),
  }),
  http: section('http', {
    // V8 has no string, and so no JSON text, of 512 MiB or more.
    bodyLimitMiB: integer(1, 511).default(16),
    // Clients leave a connection over which nothing goes by themselves after half an hour: grpc-js, grpc-go, gRPC core.
    grpcIdleTimeoutMs: milliseconds(0).default(3_600_000),
    corsOrigins: origins().default([]),
  }),
  protocols: section('protocols', {
    ase: flag().default(true),
    asePath: basePath().default('/v1'),
    xsf: flag().default(true),
    aigesV1: flag().default(true),
    oip: flag().default(true),
    oipPath: basePath().default('/v2'),
    openai: flag().default(true),
    openaiPath: basePath().default('/openai/v1'),
    mindspore: flag().default(true),
    mindsporePath: basePath().default('/'),
    edgeboard: flag().default(true),
    edgeboardPath: basePath().default('/api/model/service'),
  }),
  fc: section('fc', {
    router: z.enum(ROUTERS, { error: `one of ${ROUTERS.join(', ')}` }).default('sessionManager'),
    max: integer(1, 1_000_000).default(1),
    queue: integer(0, 1_000_000).default(256),
    queueWaitMs: milliseconds(0).default(10_000),
    ttl: milliseconds().default(10_000),
  }),
  ws: section('ws', {
    readTimeout: integer(1, 86_400).default(15),
    sessionTimeout: integer(1, 86_400).default(180),
  }),
  log: section('log', {
    level: logLevel().default('info'),
    file: nonEmpty().default('./log/aiges.log'),
    size: integer(1, 1_000_000).default(3),
    count: integer(0, 1_000_000).default(3),
    die: integer(0, 36_500).default(3),
  }),
} as const

/** `[models.<key>.fc]`: what is left out is as in `[fc]`. */
export const modelSlotsSection = z.object(
  {
    max: integer(1, 1_000_000).optional(),
    queue: integer(0, 1_000_000).optional(),
    queueWaitMs: milliseconds(0).optional(),
    ttl: milliseconds().optional(),
  },
  { error: 'a section' },
)

/** `[models.<key>]`, but for its sections: what is left out is as in `[aiges]`, where that has it. */
export const modelSection = z.object(
  {
    name: modelName().optional(),
    version: integer(1, 2 ** 31 - 1).default(1),
    aliases: modelNames().default([]),
    mid: integer(0, 2 ** 31 - 1).optional(),
    kind: z.enum(MODEL_KINDS, { error: `one of ${MODEL_KINDS.join(', ')}` }).default('python'),
    dir: nonEmpty().default('.'),
    command: nonEmpty().optional(),
    pluginTls: flag().optional(),
    wrapperLib: text().optional(),
    asyncMode: flag().optional(),
    realTimeRlt: flag().optional(),
    schema: text().optional(),
    load: flag().default(true),
    replicas: integer(1, 1024).optional(),
    concurrency: integer(1, 65536).optional(),
    maxBatch: integer(0, 65536).optional(),
    maxBatchDelayMs: milliseconds(0).optional(),
    wrapperDelayDetectPeriod: integer(0, 86_400).optional(),
    retryCrashed: flag().optional(),
    recycleRequests: integer(0, 2 ** 31 - 1).optional(),
    recycleMemoryMiB: integer(0, 2 ** 31 - 1).optional(),
    onceTimeoutMs: milliseconds().optional(),
    startTimeoutMs: milliseconds().optional(),
  },
  { error: 'a section' },
)

/** `[auth.apps.<id>]`. */
export const appSection = z.object(
  {
    key: apiKey().optional(),
    secret: secret().optional(),
    tokens: secrets().default([]),
    models: modelNames().optional(),
    rateLimit: integer(1, 1_000_000).optional(),
    burst: integer(1, 1_000_000).optional(),
    maxInFlight: integer(1, 1_000_000).optional(),
  },
  { error: 'a section' },
)

/** `[wrapper]` belongs to the wrapper, but for this key. */
export const wrapperSection = z.looseObject(
  { http_listen: listenAddress().optional() },
  { error: 'a section: [wrapper]' },
)

/** Where HTTP listens when no section says it. */
export const DEFAULT_HTTP_LISTEN = ':1888'
