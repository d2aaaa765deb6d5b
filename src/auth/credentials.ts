/** What a request shows to say whose it is, whatever it came over. */
export interface Credentials {
  /** `Bearer <token>`, or the parameters of a signature, mostly as base64. */
  readonly authorization: string | undefined
  /** What a signature is about, beside the request line: `date` and `host`. */
  readonly date: string | undefined
  readonly host: string | undefined
  /** Of the request line; GET for a WebSocket, POST for a call over gRPC. */
  readonly method: string
  /** Of the request line, without its query; over gRPC `/<package>.<service>/<method>`. */
  readonly path: string
}
