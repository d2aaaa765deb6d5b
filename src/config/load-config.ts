import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { readAppTables } from './app-tables.js'
import { basePathProblems } from './base-paths.js'
import type { ConfigNotice, DaemonConfig, PluginConfig } from './daemon-config.js'
import { readHeaderPass } from './header-pass.js'
import { keyNotices } from './key-notices.js'
import { looksLikeService, RESERVED_SECTIONS } from './known-keys.js'
import { parseListenAddress } from './listen-address.js'
import { readModelTables } from './model-tables.js'
import { isNative, pluginModeProblem } from './plugin-mode.js'
import { describeProblems, misconfigured, type Problem } from './problem.js'
import { DEFAULT_HTTP_LISTEN, sectionSchemas, serviceSection, wrapperSection } from './sections.js'
import { isTable, readTomlFile, type TomlFile } from './toml-file.js'
import { flattenToStrings } from './wrapper-config.js'

export interface LoadConfigOptions {
  /** Path of the configuration file; messages show it as it is given here. */
  readonly file: string
  /** Name of the service, and of the section that configures it (`-s`). */
  readonly service: string
  /** The environment, of which `AIGES_PLUGIN_MODE` counts. */
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface LoadedConfig {
  readonly config: DaemonConfig
  readonly notices: readonly ConfigNotice[]
}

interface WrapperSettings {
  readonly values: Readonly<Record<string, string>>
  /** What is wrong with them. */
  readonly lines: readonly string[]
}

const plainSections = z.object(sectionSchemas)
type AigesValues = z.infer<typeof plainSections>['aiges']
type TlsValues = z.infer<typeof plainSections>['tls']

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], content)
}

/** Checks that the section named by `-s` exists and is a service's. */
function missingService(file: TomlFile, service: string): string | undefined {
  if (RESERVED_SECTIONS.has(service)) {
    return `${file.name}: -s ${service}: found the name of a section of the daemon itself, allowed: the section of a service`
  }
  if (Object.hasOwn(file.content, service)) return undefined
  const candidates = Object.keys(file.content).filter(name => looksLikeService(name, file.content[name]))
  const allowed =
    candidates.length === 0
      ? `a section [${service}] with host and port`
      : `-s with one of the sections that look like a service: ${candidates.map(name => `[${name}]`).join(', ')}`
  return `${file.name}: found no section [${service}] for -s ${service}, allowed: ${allowed}`
}

/**
 * The wrapper's own settings: the file that `[aiges] usrCfg` names, looked for in the working directory and beside the
 * configuration, or else `[wrapper]`. What is no table or no string here is a problem of the schemas.
 */
function wrapperSettings(file: TomlFile, path: string): WrapperSettings {
  const usrCfg = valueAt(file.content, ['aiges', 'usrCfg'])
  if (typeof usrCfg !== 'string' || usrCfg === '') {
    const section = file.content['wrapper']
    if (!isTable(section)) return { values: {}, lines: [] }
    const { values, problems } = flattenToStrings(section, ['wrapper'])
    return { values, lines: describeProblems(problems, file) }
  }
  const found = [resolve(usrCfg), resolve(dirname(path), usrCfg)].find(candidate => existsSync(candidate))
  if (found === undefined) {
    const problem = { path: ['aiges', 'usrCfg'], found: usrCfg, allowed: 'the name of a TOML file that exists' }
    return { values: {}, lines: describeProblems([problem], file) }
  }
  const userFile = readTomlFile(found, usrCfg)
  const { values, problems } = flattenToStrings(userFile.content)
  return { values, lines: describeProblems(problems, userFile) }
}

function listenNotices(file: TomlFile, service: string): ConfigNotice[] {
  const ours = valueAt(file.content, ['wrapper', 'http_listen'])
  const other = valueAt(file.content, [service, 'http_listen'])
  if (ours === undefined || other === undefined || ours === other) return []
  const message = `${file.name}: [wrapper] http_listen = ${JSON.stringify(ours)} counts, [${service}] http_listen is ignored`
  return [{ level: 'warn', message }]
}

function commandNotices(file: TomlFile, { pluginCmd, pythonPluginCmd }: AigesValues, native: boolean): ConfigNotice[] {
  if (pluginCmd.trim() === '' || (pythonPluginCmd.trim() === '' && !native)) return []
  const message = native
    ? `${file.name}: [aiges] a native wrapper is served, pluginCmd is ignored`
    : `${file.name}: [aiges] pluginCmd = ${JSON.stringify(pluginCmd)} counts, pythonPluginCmd is ignored`
  return [{ level: 'info', message }]
}

function tlsConfig({ cert, key, clientCa, http, grpc }: TlsValues, folder: string): DaemonConfig['tls'] {
  if (cert === '') return undefined
  const of = (file: string) => resolve(folder, file)
  return { cert: of(cert), key: of(key), ...(clientCa !== '' && { clientCa: of(clientCa) }), http, grpc }
}

/**
 * Reads and checks the configuration: file, environment and service name.
 * @throws ServiceError `misconfigured`; its message names every mistake with file, line, section, key, what was found
 * and what is allowed
 */
export function loadConfig({ file: path, service, env }: LoadConfigOptions): LoadedConfig {
  const file = readTomlFile(path)
  const plain = plainSections.safeParse(file.content)
  const own = z.object({ [service]: serviceSection }).safeParse(file.content)
  const wrapper = z.object({ wrapper: wrapperSection.optional() }).safeParse(file.content)

  const missing = missingService(file, service)
  const schemaIssues = [plain, missing === undefined ? own : undefined, wrapper].flatMap(
    result => result?.error?.issues ?? [],
  )
  const problems: Problem[] = schemaIssues.map(issue => ({
    path: issue.path.filter(part => typeof part !== 'symbol'),
    found: valueAt(file.content, issue.path),
    allowed: issue.message,
  }))

  if (plain.data?.admin.enabled && plain.data.admin.token === '') {
    problems.push({ path: ['admin', 'enabled'], found: true, allowed: 'true only with a token: [admin] token' })
  }

  if (plain.data) {
    const written = file.content['protocols']
    problems.push(...basePathProblems(plain.data.protocols, isTable(written) ? written : {}))
  }

  const settings = wrapperSettings(file, path)
  const tables = readModelTables(file)
  if (plain.data && (plain.data.tls.cert === '') !== (plain.data.tls.key === '')) {
    const name = plain.data.tls.cert === '' ? 'key' : 'cert'
    problems.push({ path: ['tls', name], found: plain.data.tls[name], allowed: 'cert and key together' })
  } else if (plain.data?.tls.cert === '' && plain.data.tls.clientCa !== '') {
    problems.push({ path: ['tls', 'clientCa'], found: plain.data.tls.clientCa, allowed: 'only with cert and key' })
  }

  const appTables = readAppTables(file)
  problems.push(...tables.problems, ...appTables.problems)
  if (plain.data?.auth.enabled && appTables.apps.length === 0 && appTables.problems.length === 0) {
    problems.push({ path: ['auth', 'enabled'], found: true, allowed: 'true only with apps: [auth.apps.<id>]' })
  }

  const lines = [missing, pluginModeProblem(env), ...describeProblems(problems, file), ...settings.lines]
  const errors = lines.filter(line => line !== undefined)
  const serviceValues = own.data?.[service]
  const listen =
    wrapper.data?.wrapper?.http_listen ?? serviceValues?.http_listen ?? parseListenAddress(DEFAULT_HTTP_LISTEN)
  if (errors.length > 0 || plain.data === undefined || serviceValues === undefined || listen === undefined) {
    throw misconfigured(errors)
  }

  const { aiges, http, protocols, fc, ws, log, admin, auth, tls } = plain.data
  const { concurrency, wrapperLib, asyncMode, realTimeRlt, schema } = aiges
  const native = { library: wrapperLib || undefined, asyncMode, realTime: realTimeRlt, schema: schema || undefined }
  const kind = isNative(env, wrapperLib) ? 'c' : 'python'
  const plugin: PluginConfig = {
    command: aiges.pluginCmd.trim() || aiges.pythonPluginCmd.trim() || undefined,
    tls: aiges.pluginTls,
    passEnv: aiges.passEnv,
    wrapperConfig: settings.values,
    startTimeoutMs: aiges.startTimeoutMs,
    replicas: aiges.replicas,
    concurrency: concurrency ?? (kind === 'c' ? fc.max : 1),
    ...(kind === 'c' && { native }),
    maxBatch: aiges.maxBatch,
    maxBatchDelayMs: aiges.maxBatchDelayMs,
    hangTimeoutMs: aiges.wrapperDelayDetectPeriod * 1000,
    retryCrashed: aiges.retryCrashed,
    recycleRequests: aiges.recycleRequests,
    recycleMemoryMiB: aiges.recycleMemoryMiB,
  }
  const { onceTimeoutMs } = aiges
  const config: DaemonConfig = {
    file: resolve(path),
    service,
    sub: aiges.sub,
    grpc: { host: serviceValues.host, port: serviceValues.port, idleTimeoutMs: http.grpcIdleTimeoutMs },
    http: { ...listen, bodyLimitBytes: http.bodyLimitMiB * 2 ** 20, corsOrigins: http.corsOrigins },
    protocols: {
      ase: { enabled: protocols.ase, path: protocols.asePath },
      xsf: protocols.xsf,
      aigesV1: protocols.aigesV1,
      oip: { enabled: protocols.oip, path: protocols.oipPath },
      openai: { enabled: protocols.openai, path: protocols.openaiPath },
      mindspore: { enabled: protocols.mindspore, path: protocols.mindsporePath },
      edgeboard: { enabled: protocols.edgeboard, path: protocols.edgeboardPath },
    },
    models: tables.models({ file: path, service, kind, plugin, fc, onceTimeoutMs, native, concurrency }),
    ws: { readTimeoutMs: ws.readTimeout * 1000, sessionTimeoutMs: ws.sessionTimeout * 1000 },
    ase: { headerPass: readHeaderPass(aiges.headerPass), normalizeText: aiges.normalizeText },
    log: { level: log.level, file: log.file, maxMegabytes: log.size, files: log.count, days: log.die },
    drainTimeoutMs: aiges.drainTimeoutMs,
    unreadyMs: aiges.unreadyMs,
    reloadOnChange: aiges.reloadOnChange,
    admin,
    runAs: aiges.runAs.trim() || undefined,
    tls: tlsConfig(tls, dirname(path)),
    auth,
    apps: appTables.apps,
  }
  const notices = [
    ...keyNotices(path, file.content, service),
    ...listenNotices(file, service),
    ...commandNotices(file, aiges, kind === 'c'),
  ]
  return { config: deepFreeze(config), notices }
}
