// Original file: proto/gateway/xsf.proto


export interface DataMeta {
  'data'?: (Buffer | Uint8Array | string);
  'desc'?: ({[key: string]: string});
}

export interface DataMeta__Output {
  'data': (Buffer);
  'desc': ({[key: string]: string});
}
