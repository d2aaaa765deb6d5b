// Original file: proto/plugin/wrapper-v2.proto


export interface Capabilities {
  'once'?: (boolean);
  'streaming_output'?: (boolean);
  'sessions'?: (boolean);
  'concurrency'?: (number);
}

export interface Capabilities__Output {
  'once': (boolean);
  'streaming_output': (boolean);
  'sessions': (boolean);
  'concurrency': (number);
}
