// Original file: proto/plugin/wrapper-v2.proto


export interface InitRequest {
  'config'?: ({[key: string]: string});
  'model'?: (string);
  'concurrency'?: (number);
  'max_batch'?: (number);
  'max_batch_delay_ms'?: (number);
}

export interface InitRequest__Output {
  'config': ({[key: string]: string});
  'model': (string);
  'concurrency': (number);
  'max_batch': (number);
  'max_batch_delay_ms': (number);
}
