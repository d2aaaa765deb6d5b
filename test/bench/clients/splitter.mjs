/**
 * Makes what cuts bytes that come in pieces into the messages of a protocol.
 * @param head what the beginning at `offset` says: `begin` and `end` of the message's content there; undefined when it is too short to say
 * @param take gets the buffer, with the message's `offset`, `begin` and `end`
 */
export function createSplitter(head, take) {
  let rest
  return bytes => {
    const buffer = rest === undefined ? bytes : Buffer.concat([rest, bytes])
    let offset = 0
    for (;;) {
      const found = head(buffer, offset)
      if (found === undefined || found.end > buffer.length) break
      take(buffer, offset, found)
      offset = found.end
    }
    rest = offset === buffer.length ? undefined : buffer.subarray(offset)
  }
}
