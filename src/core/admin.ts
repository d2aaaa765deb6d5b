import type { Payload } from './payload.js'

/** What changes a running daemon. A model is found by its name or alias; an empty name finds the first one. */
export interface AdminService {
  /**
   * Changes how many calls and sessions of each version of a model may run at the same time. What runs already goes on.
   * @param slots at least 1
   * @throws ServiceError `model_unknown`
   */
  setSlots(model: string, slots: number): void
  /**
   * Hands a resource, such as a hot word list, to every replica of a model, also to those that start later.
   * @returns the id under which requests name it
   * @throws ServiceError `model_unknown`, `ability_missing`, `wrapper_failed` when the wrapper refuses it
   */
  loadResource(model: string, payloads: readonly Payload[]): Promise<string>
  /** @throws ServiceError `model_unknown`, `resource_unknown`, `wrapper_failed` */
  unloadResource(model: string, id: string): Promise<void>
  /**
   * Starts a model that is configured and not running; resolves when it is ready. One that runs stays as it is.
   * @param version default: all versions
   * @throws ServiceError `model_unknown`, `version_unknown`, `misconfigured` with the reason why it did not start
   */
  load(model: string, version?: string): Promise<void>
  /** Takes no more requests for a model, lets those in flight end and stops its plugins. @throws as `load` */
  unload(model: string, version?: string): Promise<void>
  /**
   * Starts the model's plugins anew beside those that run, hands requests to the new ones once they are ready and stops
   * the old ones when they are idle. If the new ones do not start, the old ones stay.
   * @throws as `load`
   */
  reload(model: string, version?: string): Promise<void>
}
