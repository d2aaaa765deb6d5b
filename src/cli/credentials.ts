/** Who sends a request, to a daemon with `[auth] enabled`. */
export interface Credentials {
  /** `--app`: id of the app, which ASE wants in `header.app_id`. */
  readonly app?: string
  /** `--token`; default: AISERVICE_TOKEN in the environment, which other users of the machine cannot see. */
  readonly token?: string
}

/** What goes into the header of a request and into that of the first frame of a session. */
export function appHeader({ app }: Credentials): object {
  return app === undefined ? {} : { app_id: app }
}

/** What goes into the head of an HTTP request. */
export function authorization(
  { token }: Credentials,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const sent = token ?? env['AISERVICE_TOKEN']
  return sent ? { authorization: `Bearer ${sent}` } : {}
}
