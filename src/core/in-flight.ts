/** How many there is room for at first; always a power of two. */
const FIRST_ROOM = 16

/**
 * What is in flight, each under a number of its own.
 *
 * Not a Map or a Set: V8 keeps their former tables, of which there is a new one every few dozen entries that come and go,
 * for as long as one of them is old, and with them whatever stood there. Requests that had long been answered then filled
 * the old generation, and half of the time that garbage collection took went into copying them.
 */
export class InFlight<Entry> {
  private numbers: number[] = []
  private entries: (Entry | undefined)[] = []
  private count = 0
  private last = 0

  constructor() {
    this.makeRoom(FIRST_ROOM)
  }

  get size(): number {
    return this.count
  }

  /**
   * @returns the number under which it is found until it is deleted: a positive 32-bit integer that nothing has had for a
   * long time
   */
  add(entry: Entry): number {
    if (2 * this.count >= this.entries.length) this.makeRoom(2 * this.entries.length)
    // Numbers whose place is taken by something that has been in flight for long are left out.
    do this.last = (this.last + 1) >>> 0
    while (this.entries[this.placeOf(this.last)] !== undefined || this.last === 0)
    this.put(this.last, entry)
    this.count += 1
    return this.last
  }

  get(number: number): Entry | undefined {
    const place = this.placeOf(number)
    return this.numbers[place] === number ? this.entries[place] : undefined
  }

  /** Does nothing when it is not there. */
  delete(number: number): void {
    if (this.get(number) === undefined) return
    this.entries[this.placeOf(number)] = undefined
    this.count -= 1
  }

  /** All that is in flight at this moment with their numbers, the oldest first. */
  all(): [number, Entry][] {
    const age = (number: number) => (this.last - number) >>> 0
    return this.numbers
      .flatMap((number, place): [number, Entry][] => {
        const entry = this.entries[place]
        return entry === undefined ? [] : [[number, entry]]
      })
      .sort(([a], [b]) => age(b) - age(a))
  }

  private put(number: number, entry: Entry): void {
    const place = this.placeOf(number)
    this.numbers[place] = number
    this.entries[place] = entry
  }

  private placeOf(number: number): number {
    return number & (this.entries.length - 1)
  }

  private makeRoom(room: number): void {
    const present = this.all()
    this.numbers = new Array<number>(room).fill(0)
    this.entries = new Array<Entry | undefined>(room).fill(undefined)
    for (const [number, entry] of present) this.put(number, entry)
  }
}
