// Original file: proto/gateway/oip.proto


export interface ServerReadyRequest {
}

export interface ServerReadyRequest__Output {
}
