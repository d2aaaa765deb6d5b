// Original file: proto/plugin/wrapper-v2.proto


export interface Open {
  'sid'?: (string);
  'params'?: ({[key: string]: string});
  'resources'?: (number)[];
}

export interface Open__Output {
  'sid': (string);
  'params': ({[key: string]: string});
  'resources': (number)[];
}
