// Original file: proto/gateway/oip.proto


export interface ServerLiveRequest {
}

export interface ServerLiveRequest__Output {
}
