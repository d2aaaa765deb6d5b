/** What changes a running daemon. */
export interface AdminService {
  /**
   * Changes how many calls and sessions of a model may run at the same time. What runs already goes on.
   * @param model the model's name; empty means the only or first one
   * @param slots at least 1
   * @throws ServiceError `model_unknown`
   */
  setSlots(model: string, slots: number): void
}
