import koffi from 'koffi'

const SLAB_BYTES = 64 << 10
/** 2 MiB: some forty thousand tags, what the fastest engine uses up in about two seconds. */
const KEPT_SLABS = 32

interface Slab {
  readonly bytes: Buffer
  readonly base: bigint
  used: number
}

/** A `usrTag`: the text by which an engine says whose result it gives. */
export interface Tag {
  readonly text: string
  readonly address: bigint
  /** Keeps the address valid. */
  readonly slab: unknown
}

/**
 * The tags of all requests. Engines keep the pointer without copying the text and may use it late, so a tag stays where
 * it is long after its request has ended: until the 2 MiB of tags that came after it are full.
 */
export class Tags {
  private readonly slabs: Slab[] = []
  private count = 0

  /** Unique among all requests, because a late answer must not reach another one with the same sid. */
  create(sid: string): Tag {
    this.count += 1
    const text = `${sid.replaceAll('\0', '')}/${this.count}`
    const size = Buffer.byteLength(text) + 1
    let slab = this.slabs.at(-1)
    if (slab === undefined || slab.used + size > slab.bytes.length) slab = this.grow(size)
    const address = slab.base + BigInt(slab.used)
    slab.bytes.write(text, slab.used)
    slab.used += size
    return { text, address, slab }
  }

  private grow(size: number): Slab {
    const memory = new ArrayBuffer(Math.max(SLAB_BYTES, size))
    const slab = { bytes: Buffer.from(memory), base: koffi.address(memory), used: 0 }
    this.slabs.push(slab)
    // Requests that still run hold theirs themselves.
    if (this.slabs.length > KEPT_SLABS) this.slabs.shift()
    return slab
  }
}

/** The sid that a tag was made of; whatever else an engine gives is taken for a sid itself. */
export function sidOf(tag: string | null): string {
  return tag?.replace(/\/\d+$/, '') ?? ''
}
