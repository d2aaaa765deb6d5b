/** What a frame of a session carries: as much as a wrapper's chunk. */
export const CHUNK = Buffer.alloc(128, 'chunk of text ')
