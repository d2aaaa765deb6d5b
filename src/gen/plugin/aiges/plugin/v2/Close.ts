// Original file: proto/plugin/wrapper-v2.proto


export interface Close {
}

export interface Close__Output {
}
