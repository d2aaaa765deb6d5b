// Original file: proto/plugin/wrapper-v2.proto


export interface ShutdownReply {
}

export interface ShutdownReply__Output {
}
