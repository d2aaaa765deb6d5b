import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A wrapper that answers with the `name` of its configuration, and does not start when that is `broken`. */
const WRAPPER = `
from aiges.dto import Response, ResponseData
from aiges.sdk import StringBodyField, WrapperBase

class UserRequest:
    text = StringBodyField(key="text", value="hello")

class UserResponse:
    result = StringBodyField(key="result")

class Wrapper(WrapperBase):
    serviceId, version = "named", "1.0"
    requestCls, responseCls = UserRequest(), UserResponse()

    def wrapperInit(self, config):
        self.name = config["name"]
        return 0 if self.name != "broken" else 7

    def wrapperOnceExec(self, params, reqData):
        answer = ResponseData()
        answer.key, answer.data = "result", self.name
        response = Response()
        response.list = [answer]
        return response
`

/** A folder with that wrapper and a configuration, which a test writes anew as it likes. */
export interface NamedModels {
  readonly folder: string
  readonly configFile: string
  /** @param text what stands below the sections that make the daemon listen on free loopback ports */
  write(text: string): void
  remove(): void
}

export function namedModels(): NamedModels {
  const folder = mkdtempSync(join(tmpdir(), 'aiservice-models-'))
  const configFile = join(folder, 'aiges.toml')
  const listen = [
    '[svcName]\nhost = "127.0.0.1"\nport = 0',
    '[wrapper]\nhttp_listen = "127.0.0.1:0"',
    `[log]\nlevel = "debug"\nfile = ${JSON.stringify(join(folder, 'aiges.log'))}\n`,
  ].join('\n')
  writeFileSync(join(folder, 'wrapper.py'), WRAPPER)
  return {
    folder,
    configFile,
    write: text => writeFileSync(configFile, listen + text),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Sections of a model whose wrapper answers with `answer`. */
export function named(key: string, answer: string, more = ''): string {
  return `[models.${key}]\n${more}\n[models.${key}.wrapper]\nname = ${JSON.stringify(answer)}\n`
}
