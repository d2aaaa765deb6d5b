// Original file: proto/gateway/oip.proto

import type { Long } from '@grpc/proto-loader';

export interface _inference_ModelVersionPolicy_Specific {
  'versions'?: (number | string | Long)[];
}

export interface _inference_ModelVersionPolicy_Specific__Output {
  'versions': (string)[];
}

export interface ModelVersionPolicy {
  'specific'?: (_inference_ModelVersionPolicy_Specific | null);
  'policy_choice'?: "specific";
}

export interface ModelVersionPolicy__Output {
  'specific'?: (_inference_ModelVersionPolicy_Specific__Output | null);
  'policy_choice'?: "specific";
}
