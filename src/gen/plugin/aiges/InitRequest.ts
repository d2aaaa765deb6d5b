// Original file: proto/plugin/wrapper-v1.proto


export interface InitRequest {
  'config'?: ({[key: string]: string});
}

export interface InitRequest__Output {
  'config': ({[key: string]: string});
}
