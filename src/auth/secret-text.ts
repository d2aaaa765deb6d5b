import { createHash, timingSafeEqual } from 'node:crypto'

/** A secret as it is compared: a digest, whose length says nothing about that of the secret. */
export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Whether a text is the secret behind a digest. How long it takes says nothing about the secret. */
export function isSecret(text: string, digest: Buffer): boolean {
  return timingSafeEqual(digestOf(text), digest)
}
