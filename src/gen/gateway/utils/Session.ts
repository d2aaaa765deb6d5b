// Original file: proto/gateway/xsf.proto


export interface Session {
  't'?: (string);
  'h'?: (string);
  'sess'?: ({[key: string]: string});
}

export interface Session__Output {
  't': (string);
  'h': (string);
  'sess': ({[key: string]: string});
}
