// Original file: proto/plugin/wrapper-v2.proto


export interface FramesTaken {
  'id'?: (number);
  'frames'?: (number);
}

export interface FramesTaken__Output {
  'id': (number);
  'frames': (number);
}
