// Original file: proto/plugin/wrapper-v2.proto


export interface Open {
  'sid'?: (string);
  'params'?: ({[key: string]: string});
}

export interface Open__Output {
  'sid': (string);
  'params': ({[key: string]: string});
}
