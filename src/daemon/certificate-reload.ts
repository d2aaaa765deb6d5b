import type { Logger } from 'pino'
import { ServiceError } from '../core/error.js'
import type { TlsPaths } from '../tls/identity.js'
import type { ServerIdentity } from '../tls/server-identity.js'
import { onFileChange } from './config-reload.js'

/**
 * Makes what reads the certificates again. What is wrong with them changes nothing and is logged; files are mostly
 * replaced one after the other, and do not fit together in between.
 */
export function certificateReloader(identity: ServerIdentity, log: Logger): () => void {
  return () => {
    try {
      identity.reload()
      log.info('the certificates were read again; they count for new connections')
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      log.error(`the certificates were not read again, the old ones count: ${error.message}`)
    }
  }
}

/** Calls back when one of the files changes. @returns the function that ends it */
export function onCertificateChange({ cert, key, clientCa }: TlsPaths, listener: () => void): () => void {
  const files = [cert, key, ...(clientCa === undefined ? [] : [clientCa])]
  const ends = files.map(file => onFileChange(file, listener))
  return () => {
    for (const end of ends) end()
  }
}
