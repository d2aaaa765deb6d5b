// Original file: proto/gateway/oip.proto


export interface Unsupported {
}

export interface Unsupported__Output {
}
