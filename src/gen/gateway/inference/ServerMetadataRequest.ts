// Original file: proto/gateway/oip.proto


export interface ServerMetadataRequest {
}

export interface ServerMetadataRequest__Output {
}
