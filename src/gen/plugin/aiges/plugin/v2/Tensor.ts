// Original file: proto/plugin/wrapper-v2.proto

import type { Long } from '@grpc/proto-loader';

export interface Tensor {
  'datatype'?: (string);
  'shape'?: (number | string | Long)[];
}

export interface Tensor__Output {
  'datatype': (string);
  'shape': (number)[];
}
