/** Levels of the log, the least important first; `silent` writes nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What a configuration file, the environment and the flags ask for, checked, with every default filled in, deeply frozen. */
export interface DaemonConfig {
  /** Absolute path of the file that was read. */
  readonly file: string
  /** Name of the service and of its section: `-s`, default `svcName`. */
  readonly service: string
  /** `[aiges] sub`: service type, first part of a session's sid; default `ase`. */
  readonly sub: string
  /** Where the internal gRPC server listens. */
  readonly grpc: {
    /** `[<service>] host`, default `0.0.0.0`. */
    readonly host: string
    /** `[<service>] port`, default 5090; 0 picks a free one. */
    readonly port: number
    /** `[http] grpcIdleTimeoutMs` (1 h): a connection without calls is closed after so long, in ms; 0: never. */
    readonly idleTimeoutMs: number
  }
  readonly http: {
    /** Host of `http_listen`; `:1888` means all addresses of the machine. */
    readonly host: string
    /** Port of `http_listen` in `[wrapper]` or `[<service>]`, default 1888; 0 picks a free one. */
    readonly port: number
    /** Largest body or message in bytes, for HTTP, gRPC and plugins: `[http] bodyLimitMiB` (default 16) in bytes. */
    readonly bodyLimitBytes: number
    /** `[http] corsOrigins`: origins that browsers may call from, `*` for every one; default none, which turns CORS off. */
    readonly corsOrigins: readonly string[]
  }
  /**
   * Which front-ends there are: `[protocols] <name>`, default true for each, and the base path of those that speak HTTP:
   * `<name>Path`.
   */
  readonly protocols: {
    /** Default path `/v1`. */
    readonly ase: HttpProtocol
    readonly xsf: boolean
    readonly aigesV1: boolean
    /** Open Inference Protocol, over gRPC too. Default path `/v2`. */
    readonly oip: HttpProtocol
    /** Default path `/openai/v1`. */
    readonly openai: HttpProtocol
    /** MindSpore Serving. Default path `/`: its own paths begin with `/model` and `/version`. */
    readonly mindspore: HttpProtocol
    /** Default path `/api/model/service`. */
    readonly edgeboard: HttpProtocol
  }
  /**
   * The models: one for each table `[models.<key>]`, in their order, or else the one that the service's section stands
   * for. The first one answers requests that name none.
   */
  readonly models: readonly ModelConfig[]
  readonly ws: {
    /** `[ws] readTimeout` (15 s) in ms: a WebSocket session ends when no frame comes for this long. */
    readonly readTimeoutMs: number
    /** `[ws] sessionTimeout` (180 s) in ms: and when it is older than this. */
    readonly sessionTimeoutMs: number
  }
  readonly ase: {
    /** Header keys that reach the wrapper as parameters: `[aiges] headerPass` and the file `headerPass.wrapper`; no duplicates. */
    readonly headerPass: readonly string[]
    /** `[aiges] normalizeText`, default false: decode charset and gzip of text before the wrapper sees it. */
    readonly normalizeText: boolean
  }
  readonly log: {
    /** `[log] level`, default `info`. */
    readonly level: LogLevel
    /** `[log] file`, default `./log/aiges.log`, relative to the working directory. */
    readonly file: string
    /** `[log] size`, default 3: the file is rotated past this many MB. */
    readonly maxMegabytes: number
    /** `[log] count`, default 3: rotated files to keep; 0 means no limit. */
    readonly files: number
    /** `[log] die`, default 3: days to keep a rotated file; 0 means no limit. */
    readonly days: number
  }
  /** `[aiges] runAs`: user, or `uid:gid`, whom plugins run as; undefined: whom the daemon runs as. */
  readonly runAs: string | undefined
  /** Encryption; undefined: none. Paths are absolute. */
  readonly tls:
    | {
        /** `[tls] cert` and `key`: certificate and private key, PEM. */
        readonly cert: string
        readonly key: string
        /** `[tls] clientCa`: authorities whose clients alone are let in; absent: clients need no certificate. */
        readonly clientCa?: string
        /** `[tls] http` and `grpc`, default true: which of the servers are encrypted. */
        readonly http: boolean
        readonly grpc: boolean
      }
    | undefined
  /** Whether clients have to say whose a request is. */
  readonly auth: {
    /** `[auth] enabled`, default false. */
    readonly enabled: boolean
    /** `[auth] open`, default all: what needs no app. */
    readonly open: readonly OpenAccess[]
  }
  /** Those who may send requests: a table `[auth.apps.<id>]` each. */
  readonly apps: readonly AppConfig[]
  /** `[aiges] drainTimeoutMs`, default 30000: how long a shutdown waits for requests in flight. */
  readonly drainTimeoutMs: number
  /**
   * `[aiges] unreadyMs`, default 0: how long a shutdown serves on, unready, before it closes anything, so that load
   * balancers notice.
   */
  readonly unreadyMs: number
  /** `[aiges] reloadOnChange`, default false: whether the file is read again when it changes, as SIGHUP has it done. */
  readonly reloadOnChange: boolean
  /** The admin API. */
  readonly admin: {
    /** `[admin] enabled`, default false. */
    readonly enabled: boolean
    /** `[admin] token`: what its callers have to send; never empty when it is enabled, never logged. */
    readonly token: string
  }
}

/** How a plugin runs: `python` by the SDK, `c` a native wrapper, `cmd` any program that speaks a plugin protocol. */
export const MODEL_KINDS = ['python', 'c', 'cmd'] as const
export type ModelKind = (typeof MODEL_KINDS)[number]

/** How the plugins of a model are started. */
export interface PluginConfig {
  /**
   * `[models.<key>] command`, `[aiges] pluginCmd` or `[aiges] pythonPluginCmd`, the first one that there is; undefined:
   * the host's default applies.
   */
  readonly command: string | undefined
  /** `[aiges] pluginTls`, default false: whether plugins are spoken to over mutual TLS. */
  readonly tls: boolean
  /** `[aiges] passEnv`, default none: further variables of the daemon's environment that plugins get; `NAME` or `PREFIX_*`. */
  readonly passEnv: readonly string[]
  /** What `wrapperInit` gets: `[wrapper]`, or the file that `[aiges] usrCfg` names, as flat strings. */
  readonly wrapperConfig: Readonly<Record<string, string>>
  /** `startTimeoutMs`, default 60000: time for a plugin to start, import and init included. */
  readonly startTimeoutMs: number
  /** `replicas`, default 1: plugin processes of the model. */
  readonly replicas: number
  /**
   * `concurrency`: calls that one replica runs at the same time. Default 1, and for a native wrapper, which is called from
   * several threads, as many as there are slots.
   */
  readonly concurrency: number
  /** Present when a native wrapper is served instead of a plugin that a command starts. */
  readonly native?: NativeConfig
  /** `maxBatch`, default 0: most requests that a wrapper with wrapperBatchExec gets at once; 0: the SDK's 32. */
  readonly maxBatch: number
  /** `maxBatchDelayMs`, default 0: how long such a request may wait for others; 0: what waits already. */
  readonly maxBatchDelayMs: number
  /**
   * `wrapperDelayDetectPeriod` (60 s) in ms: a plugin that holds a request for this long, and past its deadline, hangs and
   * is replaced. 0: never.
   */
  readonly hangTimeoutMs: number
  /** `retryCrashed`, default false: whether a once call is begun anew, once, when the plugin crashed that was working on it. */
  readonly retryCrashed: boolean
  /** `recycleRequests`, default 0: requests after which a plugin is exchanged for a fresh one; 0: never. */
  readonly recycleRequests: number
  /** `recycleMemoryMiB`, default 0: resident memory of a plugin and its children past which it is; 0: never. */
  readonly recycleMemoryMiB: number
}

/** How a native wrapper, a library with the C functions of AIGES, is loaded and called. */
export interface NativeConfig {
  /** `wrapperLib`: path of the library, or its name in LD_LIBRARY_PATH; undefined: `libwrapper.so`. */
  readonly library: string | undefined
  /** `asyncMode`, default false: results come through callbacks. */
  readonly asyncMode: boolean
  /** `realTimeRlt`, default true: without callbacks, a session is read after every frame, not only the last. */
  readonly realTime: boolean
  /** `schema`: file of the schema JSON; undefined: `schema.json` beside the library, if there is one. */
  readonly schema: string | undefined
}

/** Which requests a model takes, and for how long. */
export interface AdmissionConfig {
  /** `[fc] max`, default 1: licence slots, that is requests and sessions in flight. */
  readonly slots: number
  /**
   * Only with `[fc] router = "qpsLimiter"`: how many requests and sessions may begin (`max`) in an interval (`ttl`). How
   * many are in flight is not limited then, and sessions end after 10 s without activity.
   */
  readonly rate?: { readonly requests: number; readonly intervalMs: number }
  /** `[fc] queue`, default 256: requests that may wait for a slot. */
  readonly queue: number
  /** `[fc] queueWaitMs`, default 10000: how long a request waits for a slot. */
  readonly queueWaitMs: number
  /** `[fc] ttl`, default 10000: a session ends when nobody writes or reads for this long. */
  readonly sessionIdleMs: number
  /** `onceTimeoutMs`, default 120000: deadline of a once call, the wait for a slot included. */
  readonly onceTimeoutMs: number
}

/** One version of a model: a table `[models.<key>]`. */
export interface ModelConfig {
  /** `name`, default the table's key. Tables that share it are versions of one model. */
  readonly name: string
  /** `version`, default 1, in decimal notation. */
  readonly version: string
  /** `aliases`: other names of the model, default none; those of all its versions count. */
  readonly aliases: readonly string[]
  /** `mid`: number of the model, default none, 0 in a file without such tables; that of any of its versions counts. */
  readonly mid?: number
  /** `kind`, default `python`; that of a file without such tables: `c` when `AIGES_PLUGIN_MODE` or `wrapperLib` ask for it. */
  readonly kind: ModelKind
  /** `dir`: working directory of the plugins, absolute; default the folder of the configuration file. */
  readonly folder: string
  /** `load`, default true: whether it is started with the daemon. */
  readonly load: boolean
  readonly plugin: PluginConfig
  readonly admission: AdmissionConfig
}

/** What `[auth] open` may let everybody use: probes, `/metrics`, and the API page with its documents. */
export const OPEN_ACCESS = ['probes', 'metrics', 'documents'] as const
export type OpenAccess = (typeof OPEN_ACCESS)[number]

/** `[auth.apps.<id>]`. Key, secret and tokens are never logged. */
export interface AppConfig {
  readonly id: string
  /** `key` and `secret`: what requests are signed with; both or none. */
  readonly key?: string
  readonly secret?: string
  /** `tokens`, default none: any of them will do instead of a signature. */
  readonly tokens: readonly string[]
  /** `models`: names of those that it may use; undefined: all. */
  readonly models?: readonly string[]
  /** `rateLimit`: requests a second; undefined: no limit. */
  readonly rateLimit?: number
  /** `burst`: requests at once after a pause; undefined: those of a second. */
  readonly burst?: number
  /** `maxInFlight`: requests and open sessions that it may have at once; undefined: no limit. */
  readonly maxInFlight?: number
}

/** A front-end that speaks HTTP. */
export interface HttpProtocol {
  readonly enabled: boolean
  /** Base path of its routes; no slash at the end unless it is the root. */
  readonly path: string
}

/** Something to tell the operator about the configuration that does not stop the start; the caller logs it. */
export interface ConfigNotice {
  /** `warn`: probably a mistake, such as an unknown key. `info`: good to know, such as a key without effect. */
  readonly level: 'info' | 'warn'
  readonly message: string
}
