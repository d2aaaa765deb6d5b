import { dirname, resolve } from 'node:path'
import type { TomlTable } from 'smol-toml'
import type { z } from 'zod'
import { admissionOf, type FlowControl } from './admission.js'
import type { ModelConfig, ModelKind, NativeConfig, PluginConfig } from './daemon-config.js'
import { issuesOf, type Problem } from './problem.js'
import { modelSection, modelSlotsSection } from './sections.js'
import { isTable, type TomlFile } from './toml-file.js'
import { flattenToStrings } from './wrapper-config.js'

/** What models inherit. */
export interface ModelDefaults {
  /** Path of the configuration file, to whose folder `dir` is relative. */
  readonly file: string
  /** Name of the service of `-s`, which is the only model of a file without `[models.<key>]`. */
  readonly service: string
  /** Of the only model. */
  readonly kind: ModelKind
  readonly plugin: PluginConfig
  readonly fc: FlowControl
  readonly onceTimeoutMs: number
  /** For models of kind `c`. */
  readonly native: NativeConfig
  /** `[aiges] concurrency`, if it is there. */
  readonly concurrency: number | undefined
}

export interface ModelTables {
  readonly problems: readonly Problem[]
  /** The models, once it is known what they inherit; call it only if there are no problems. */
  models(defaults: ModelDefaults): readonly ModelConfig[]
}

/** A table `[models.<key>]`, checked by itself. */
interface ModelTable extends z.infer<typeof modelSection> {
  readonly key: string
  readonly name: string
  readonly fc: z.infer<typeof modelSlotsSection>
  readonly wrapper: Readonly<Record<string, string>>
}

/** Reads `[models.<key>]`, `[models.<key>.fc]` and `[models.<key>.wrapper]`. */
export function readModelTables(file: TomlFile): ModelTables {
  const section = file.content['models']
  if (section === undefined) return { problems: [], models: defaults => [onlyModel(defaults)] }
  if (!isTable(section) || Object.keys(section).length === 0) {
    const problem = { path: ['models'], found: section, allowed: 'sections [models.<key>], one a model' }
    return { problems: [problem], models: () => [] }
  }
  const problems: Problem[] = []
  const tables = Object.entries(section).flatMap(([key, value]) => {
    const read = readTable(key, value)
    problems.push(...read.problems)
    return read.table ?? []
  })
  problems.push(...duplicates(tables), ...kindProblems(tables))
  return { problems, models: defaults => tables.map(table => toModel(table, defaults)) }
}

function readTable(key: string, value: unknown): { table?: ModelTable; problems: readonly Problem[] } {
  const content: TomlTable = isTable(value as TomlTable) ? (value as TomlTable) : {}
  const own = modelSection.safeParse(value)
  const fc = modelSlotsSection.safeParse(content['fc'] ?? {})
  const problems = [...issuesOf(own, ['models', key], value), ...issuesOf(fc, ['models', key, 'fc'], content['fc'])]
  let wrapper: Readonly<Record<string, string>> = {}
  if (isTable(content['wrapper'])) {
    const flat = flattenToStrings(content['wrapper'], ['models', key, 'wrapper'])
    wrapper = flat.values
    problems.push(...flat.problems)
  } else if (content['wrapper'] !== undefined) {
    problems.push({ path: ['models', key, 'wrapper'], found: content['wrapper'], allowed: 'a section' })
  }
  if (own.data === undefined || fc.data === undefined) return { problems }
  const { name = key } = own.data
  if (own.data.name === undefined && !modelSection.shape.name.safeParse(key).success) {
    const allowed = 'a key of letters, digits, "_", "-" and ".", or one with a name of its own: name = "…"'
    return { problems: [...problems, { path: ['models', key], found: key, allowed }] }
  }
  return { table: { ...own.data, key, name, fc: fc.data, wrapper }, problems }
}

function kindProblems(tables: readonly ModelTable[]): Problem[] {
  return tables.flatMap(({ key, kind, command }) => {
    if (kind !== 'cmd' || command !== undefined) return []
    return { path: ['models', key, 'kind'], found: kind, allowed: '"cmd" only with a command' }
  })
}

/** What two tables claim that only one can have. */
function duplicates(tables: readonly ModelTable[]): Problem[] {
  return tables.flatMap((table, index) => {
    const path = ['models', table.key]
    const before = tables.slice(0, index)
    const problems: Problem[] = []
    const twin = before.find(other => other.name === table.name && other.version === table.version)
    if (twin !== undefined) {
      const detail = `[models.${twin.key}] is version ${twin.version} of ${twin.name} already`
      problems.push({
        path: [...path, 'version'],
        found: table.version,
        allowed: 'a version that is not taken',
        detail,
      })
    }
    for (const alias of table.aliases) {
      const owner =
        tables.find(other => other.name !== table.name && other.name === alias) ??
        before.find(other => other.name !== table.name && other.aliases.includes(alias))
      if (owner === undefined) continue
      const detail = `${JSON.stringify(alias)} is a name of [models.${owner.key}]`
      problems.push({
        path: [...path, 'aliases'],
        found: table.aliases,
        allowed: 'names that no other model has',
        detail,
      })
    }
    const { mid } = table
    const clash = before.find(other => {
      return mid !== undefined && other.mid !== undefined && (other.name === table.name) !== (other.mid === mid)
    })
    if (clash !== undefined) {
      const same = clash.name === table.name
      const allowed = same ? 'the same number in all versions of a model' : 'a number that no other model has'
      const detail = `[models.${clash.key}] has ${clash.mid}`
      problems.push({ path: [...path, 'mid'], found: mid, allowed, detail })
    }
    return problems
  })
}

/** The model that a file without `[models.<key>]` has. */
function onlyModel({ service, kind, plugin, fc, onceTimeoutMs }: ModelDefaults): ModelConfig {
  const admission = admissionOf(fc, {}, onceTimeoutMs)
  const folder = process.cwd()
  return { name: service, version: '1', aliases: [], mid: 0, kind, folder, load: true, plugin, admission }
}

function toModel(table: ModelTable, defaults: ModelDefaults): ModelConfig {
  const { file } = defaults
  const { native: _, ...plugin } = defaults.plugin
  const { name, version, aliases, mid, kind, load, fc, command, wrapper } = table
  const slots = fc.max ?? defaults.fc.max
  return {
    name,
    version: String(version),
    aliases,
    ...(mid !== undefined && { mid }),
    kind,
    folder: resolve(dirname(file), table.dir),
    load,
    plugin: {
      ...plugin,
      command: command ?? plugin.command,
      tls: table.pluginTls ?? plugin.tls,
      wrapperConfig: { ...plugin.wrapperConfig, ...wrapper },
      startTimeoutMs: table.startTimeoutMs ?? plugin.startTimeoutMs,
      replicas: table.replicas ?? plugin.replicas,
      concurrency: table.concurrency ?? defaults.concurrency ?? (kind === 'c' ? slots : 1),
      ...(kind === 'c' && { native: nativeOf(table, defaults.native) }),
      maxBatch: table.maxBatch ?? plugin.maxBatch,
      maxBatchDelayMs: table.maxBatchDelayMs ?? plugin.maxBatchDelayMs,
      hangTimeoutMs: inMs(table.wrapperDelayDetectPeriod) ?? plugin.hangTimeoutMs,
      retryCrashed: table.retryCrashed ?? plugin.retryCrashed,
      recycleRequests: table.recycleRequests ?? plugin.recycleRequests,
      recycleMemoryMiB: table.recycleMemoryMiB ?? plugin.recycleMemoryMiB,
    },
    admission: admissionOf(defaults.fc, fc, table.onceTimeoutMs ?? defaults.onceTimeoutMs),
  }
}

const inMs = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000)

function nativeOf({ wrapperLib, asyncMode, realTimeRlt, schema }: ModelTable, native: NativeConfig): NativeConfig {
  return {
    library: wrapperLib || native.library,
    asyncMode: asyncMode ?? native.asyncMode,
    realTime: realTimeRlt ?? native.realTime,
    schema: schema || native.schema,
  }
}
