// Original file: proto/plugin/wrapper-v1.proto


export interface CreateRequest {
  'params'?: ({[key: string]: string});
  'sid'?: (string);
  'tag'?: (string);
}

export interface CreateRequest__Output {
  'params': ({[key: string]: string});
  'sid': (string);
  'tag': (string);
}
