/**
 * Variables of the daemon that ordinary wrappers, their interpreters and their libraries look at. A star at the end
 * stands for any rest; whether letters are large does not matter.
 */
const KNOWN: readonly string[] = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'PWD', 'HOSTNAME', 'TERM', 'TMPDIR', 'TMP', 'TEMP', 'XDG_*'],
  ...['LANG', 'LANGUAGE', 'LC_*', 'TZ', 'TZDIR'],
  ...['AIGES_*', 'LD_LIBRARY_PATH', 'LD_PRELOAD', 'LIBRARY_PATH', 'MALLOC_*', 'ASAN_OPTIONS'],
  ...['PYTHON*', 'VIRTUAL_ENV', 'CONDA_*', 'PYENV_*', 'NODE_OPTIONS', 'JAVA_HOME', 'GODEBUG', 'GOMAXPROCS', 'RUST_*'],
  // Accelerators.
  ...['CUDA_*', 'CUDNN_*', 'NVIDIA_*', 'NCCL_*', 'TENSORRT_*', 'TRT_*', 'ROCM_*', 'ROCR_*', 'HIP_*', 'HSA_*'],
  ...['ASCEND_*', 'ACL_*', 'HCCL_*', 'NPU_*', 'ONEAPI_*', 'SYCL_*', 'ZE_*', 'GPU_*'],
  // Threads and frameworks.
  ...['OMP_*', 'GOMP_*', 'KMP_*', 'MKL_*', 'OPENBLAS_*', 'BLIS_*', 'NUMEXPR_*', 'VECLIB_*', 'UV_THREADPOOL_SIZE'],
  ...['ORT_*', 'ONNX_*', 'TORCH_*', 'PYTORCH_*', 'TF_*', 'XLA_*', 'JAX_*', 'FLAGS_*', 'GLOG_*', 'MS_*', 'OPENCV_*'],
  ...[
    'HF_*',
    'HUGGINGFACE_*',
    'TRANSFORMERS_*',
    'TOKENIZERS_*',
    'MODELSCOPE_*',
    'VLLM_*',
    'GRPC_*',
    'PROTOCOL_BUFFERS_*',
  ],
  // What downloads.
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'CURL_CA_BUNDLE'],
  ...['REQUESTS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'],
]

/** What such a name holds is mostly a secret, whatever it begins with. */
const SECRET_NAME = /TOKEN(?!IZERS)|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE/i

/** The URL of a proxy that one has to log in to. */
const URL_WITH_PASSWORD = /:\/\/[^/@]*@/

export interface InheritedEnvironment {
  readonly env: Readonly<Record<string, string>>
  /** Names of the variables that are not in it, in alphabetical order. */
  readonly withheld: readonly string[]
}

/**
 * What plugins get of the daemon's environment: what ordinary wrappers need, without what looks like a secret, and what
 * the operator names.
 * @param passed names, or their beginnings with a star, of further variables; `*` is all of them
 */
export function inheritedEnvironment(
  daemon: Readonly<Record<string, string | undefined>>,
  passed: readonly string[],
): InheritedEnvironment {
  const known = nameMatcher(KNOWN, 'i')
  const named = nameMatcher(passed, '')
  const env: Record<string, string> = {}
  const withheld: string[] = []
  for (const [name, value] of Object.entries(daemon)) {
    if (value === undefined) continue
    const isOrdinary = known.test(name) && !SECRET_NAME.test(name) && !URL_WITH_PASSWORD.test(value)
    if (isOrdinary || named.test(name)) env[name] = value
    else withheld.push(name)
  }
  return { env, withheld: withheld.sort() }
}

function nameMatcher(patterns: readonly string[], flags: string): RegExp {
  const parts = patterns.map(pattern => {
    const isPrefix = pattern.endsWith('*')
    const text = (isPrefix ? pattern.slice(0, -1) : pattern).replace(/[^A-Za-z0-9_]/g, '\\$&')
    return isPrefix ? `${text}.*` : text
  })
  // Without any pattern it matches nothing, as no name is empty.
  return new RegExp(`^(?:${parts.join('|')})$`, flags)
}
