// Original file: proto/plugin/wrapper-v2.proto

import type { Long } from '@grpc/proto-loader';

export interface Usage {
  'input'?: (number | string | Long);
  'output'?: (number | string | Long);
}

export interface Usage__Output {
  'input': (number);
  'output': (number);
}
