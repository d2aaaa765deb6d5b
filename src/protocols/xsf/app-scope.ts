import type { Authenticator } from '../../auth/apps.js'
import type { OperationContext } from './operations.js'

/**
 * What an app may do with an operation: its handles are its own, whatever other apps call theirs, and it changes nothing
 * but models that it may use.
 */
export function scopeOf(
  app: string,
  context: OperationContext,
  authenticator: Pick<Authenticator, 'authorize'>,
): OperationContext {
  const { admin, inference, handle } = context
  const allowed = (model: string) => {
    authenticator.authorize(app, inference.model(model).name)
    return model
  }
  return {
    ...context,
    app,
    // No id of an app holds a slash.
    handle: `${app}/${handle}`,
    ...(admin && {
      admin: {
        setSlots: (model, slots) => admin.setSlots(allowed(model), slots),
        loadResource: async (model, payloads) => admin.loadResource(allowed(model), payloads),
        unloadResource: async (model, id) => admin.unloadResource(allowed(model), id),
      },
    }),
  }
}
