import { describe, expect, it } from 'vitest'
import { inheritedEnvironment } from '../../../src/plugin/inherited-environment.js'

describe('what plugins get of the environment of the daemon', () => {
  it.each([
    ...['PATH', 'HOME', 'TZ', 'LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'PYTHONPATH', 'PYTHONHASHSEED', 'VIRTUAL_ENV'],
    ...['CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES', 'ASCEND_HOME_PATH', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS'],
    ...['AIGES_PLUGIN_MODE', 'HF_HOME', 'TOKENIZERS_PARALLELISM', 'TRANSFORMERS_OFFLINE', 'no_proxy', 'https_proxy'],
  ])('%s', name => {
    expect(inheritedEnvironment({ [name]: 'value' }, [])).toEqual({ env: { [name]: 'value' }, withheld: [] })
  })

  it.each([
    ...['AWS_SECRET_ACCESS_KEY', 'DATABASE_URL', 'HF_TOKEN', 'AIGES_ADMIN_TOKEN', 'PYTHON_KEYRING_PASSWORD'],
    ...['KUBERNETES_SERVICE_HOST', 'SSH_AUTH_SOCK', 'AUTH_HOME', 'PATHX', 'CONDA_API_KEY'],
  ])('but not %s, unless it is named', name => {
    expect(inheritedEnvironment({ [name]: 'value' }, [])).toEqual({ env: {}, withheld: [name] })
    for (const passed of [name, `${name.slice(0, 3)}*`, '*']) {
      expect(inheritedEnvironment({ [name]: 'value' }, [passed]).env).toEqual({ [name]: 'value' })
    }
    expect(inheritedEnvironment({ [name]: 'value' }, [name.toLowerCase(), name.slice(0, 3)]).env).toEqual({})
  })

  it('but not a proxy with a password in its URL', () => {
    const env = { HTTP_PROXY: 'http://me:secret@proxy:3128', HTTPS_PROXY: 'http://proxy:3128' }
    expect(inheritedEnvironment(env, [])).toEqual({
      env: { HTTPS_PROXY: 'http://proxy:3128' },
      withheld: ['HTTP_PROXY'],
    })
  })
})
