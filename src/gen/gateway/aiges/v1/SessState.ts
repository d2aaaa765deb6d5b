// Original file: proto/gateway/aiges-v1.proto

export const SessState = {
  STREAM: 0,
  ONCE: 1,
} as const;

export type SessState =
  | 'STREAM'
  | 0
  | 'ONCE'
  | 1

export type SessState__Output = typeof SessState[keyof typeof SessState]
