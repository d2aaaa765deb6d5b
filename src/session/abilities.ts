import { ServiceError } from '../core/error.js'
import { CHAT_METHOD, type MethodInfo, type ModelAbilities } from '../core/model.js'

/** What a wrapper says that it can do; undefined before its first successful start. */
export interface Known {
  readonly abilities: ModelAbilities | undefined
  readonly methods: readonly MethodInfo[] | undefined
}

/**
 * Checks that the wrapper has what a request calls: its plain call, or the method of that name.
 * @param model its name, for the message
 * @throws ServiceError `method_unknown`, or `ability_missing` where it has no plain call or does not chat
 */
export function checkMethod(model: string, method: string | undefined, { abilities, methods = [] }: Known): void {
  if (abilities === undefined) return
  const names = methods.map(({ name }) => name)
  const has = names.length === 0 ? 'no methods' : `the methods ${names.join(', ')}`
  if (method === undefined) {
    if (abilities.once) return
    throw new ServiceError(
      'ability_missing',
      `the wrapper of ${model} has no plain call (wrapperOnceExec); it has ${has}`,
    )
  }
  if (names.includes(method) || (method === CHAT_METHOD && abilities.chat)) return
  if (method === CHAT_METHOD)
    throw new ServiceError('ability_missing', `the wrapper of ${model} does not chat (wrapperChat)`)
  throw new ServiceError('method_unknown', `${model} has no method '${method}'; it has ${has}`)
}
