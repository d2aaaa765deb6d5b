// Original file: proto/plugin/wrapper-v2.proto

import type { Long } from '@grpc/proto-loader';

export interface TensorSpec {
  'name'?: (string);
  'datatype'?: (string);
  'shape'?: (number | string | Long)[];
  'optional'?: (boolean);
}

export interface TensorSpec__Output {
  'name': (string);
  'datatype': (string);
  'shape': (number)[];
  'optional': (boolean);
}
