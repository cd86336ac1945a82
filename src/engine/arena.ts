// Allocator for the one memory. Sizes are rounded to classes, four to a doubling; a freed block goes to its class's list and comes back
// from there, so a training step that frees what it took finds the same addresses in the next step. Memory grows when nothing fits; when it
// can't, freed neighbours are joined, used for any size, and a block is cut as long as it must be: a request fails only where no free stretch
// of memory holds it. A size that is no whole number is refused before anything changes, for one NaN in an address would spread to all.

const ALIGNMENT = 64;

/** Bytes a request below 4 GiB occupies: at most 25% above it, a multiple of 64. */
export function roundToClass(bytes: number): number {
  if (bytes <= ALIGNMENT) return ALIGNMENT;
  // A quarter of the largest power of two within.
  const step = Math.max(2 ** (29 - Math.clz32(bytes)), ALIGNMENT);
  return Math.ceil(bytes / step) * step;
}

/** Throws unless `bytes` is a whole number from 0 on. What is larger than any memory passes: there is just no room for it. */
function checkSize(bytes: number): void {
  if (Number.isInteger(bytes) && bytes >= 0) return;
  throw new RangeError(
    `arena: ${bytes} is no number of bytes; an operation computed a size from an argument that is not a whole number from 0 on`,
  );
}

export class Arena {
  /** Bytes handed out, rounded to classes. */
  bytesInUse = 0;
  /** Blocks handed out. */
  blocksInUse = 0;
  /** Largest `bytesInUse` so far. */
  peakBytes = 0;
  /** The block handed out last, if nothing has ever been in its memory, which is zeros then; else 0. */
  pristine = 0;
  private top: number;
  /** The highest that `top` has been. */
  private reached: number;
  private end: number;
  /** Free addresses by block size. */
  private readonly free = new Map<number, number[]>();
  /** Joined free ranges of any size, by address; filled only when memory ran out. */
  private ranges: { address: number; bytes: number }[] = [];
  /** Sizes, by address, of blocks that were cut shorter than their class because no free stretch held it. */
  private readonly cut = new Map<number, number>();
  private readonly small: number[][] = [];

  /** `grow(bytes)` makes the memory at least that many bytes long and returns its length, or 0 if it can't. */
  constructor(
    base: number,
    end: number,
    private readonly grow: (bytes: number) => number,
  ) {
    this.top = Math.ceil(base / ALIGNMENT) * ALIGNMENT;
    this.reached = this.top;
    this.end = end;
    for (let i = 0; i <= 16; i++) this.small.push([]);
  }

  /**
   * Address of a free block of at least `bytes`, 64-byte aligned; 0 if memory is exhausted.
   * @throws RangeError for a size that is not a whole number from 0 on; nothing has changed then.
   */
  allocate(bytes: number): number {
    if (bytes >>> 0 !== bytes) {
      checkSize(bytes);
      return 0;
    }
    this.pristine = 0;
    let address: number | undefined;
    let size: number;
    if (bytes <= 1024) {
      // Up to 1 KiB the classes are plain multiples of 64: no logarithm, no map.
      const index = bytes === 0 ? 1 : (bytes + 63) >>> 6;
      size = index << 6;
      address = this.small[index].pop();
    } else {
      size = roundToClass(bytes);
      address = this.free.get(size)?.pop();
    }
    if (address === undefined) {
      address = this.carve(size);
      if (address === 0) {
        const least = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
        if (least >= size) return 0;
        // The lists are empty and their blocks joined by now.
        address = this.fit(least);
        if (address === 0) return 0;
        size = least;
        this.cut.set(address, size);
      }
    }
    this.bytesInUse += size;
    this.blocksInUse += 1;
    if (this.bytesInUse > this.peakBytes) this.peakBytes = this.bytesInUse;
    return address;
  }

  /** Takes back a block that `allocate(bytes)` gave. */
  release(address: number, bytes: number): void {
    if (bytes >>> 0 !== bytes) checkSize(bytes);
    let size: number;
    if (bytes <= 1024) {
      const index = bytes === 0 ? 1 : (bytes + 63) >>> 6;
      size = index << 6;
      this.small[index].push(address);
    } else {
      size = this.sizeOf(address, bytes);
      const list = this.free.get(size);
      if (list) list.push(address);
      else this.free.set(size, [address]);
    }
    this.bytesInUse -= size;
    this.blocksInUse -= 1;
  }

  /** How long the block at `address` is, which is given back. */
  private sizeOf(address: number, bytes: number): number {
    if (this.cut.size > 0) {
      const size = this.cut.get(address);
      if (size !== undefined) {
        this.cut.delete(address);
        return size;
      }
    }
    return roundToClass(bytes);
  }

  private carve(size: number): number {
    const address = this.fit(size);
    if (address !== 0) return address;
    this.join();
    return this.fit(size);
  }

  /** A block from above the top, from the joined ranges or from new memory, in that order; 0 if there is none. */
  private fit(size: number): number {
    if (this.top + size <= this.end) return this.bump(size);
    const fromRange = this.takeRange(size);
    if (fromRange) return fromRange;
    // Growing in steps of a quarter keeps the number of steps small for programs that need much.
    const wanted = this.top + size;
    const length = this.grow(Math.max(wanted, Math.min(this.end * 1.25, wanted + (256 << 20)))) || this.grow(wanted);
    if (length === 0) return 0;
    this.end = length;
    return this.bump(size);
  }

  private bump(size: number): number {
    const address = this.top;
    this.top += size;
    if (address >= this.reached) this.pristine = address;
    if (this.top > this.reached) this.reached = this.top;
    return address;
  }

  private takeRange(size: number): number {
    const index = this.ranges.findIndex((range) => range.bytes >= size);
    if (index < 0) return 0;
    const range = this.ranges[index];
    const address = range.address;
    range.address += size;
    range.bytes -= size;
    if (range.bytes === 0) this.ranges.splice(index, 1);
    return address;
  }

  /** Empties the class lists into address ranges, neighbours joined; a range that reaches the top lowers it. */
  private join(): void {
    const blocks = this.ranges;
    for (const [bytes, list] of this.free) for (const address of list) blocks.push({ address, bytes });
    this.small.forEach((list, index) => {
      for (const address of list) blocks.push({ address, bytes: index * 64 });
      list.length = 0;
    });
    this.free.clear();
    blocks.sort((a, b) => a.address - b.address);
    const joined: { address: number; bytes: number }[] = [];
    for (const block of blocks) {
      const last = joined.at(-1);
      if (last && last.address + last.bytes === block.address) last.bytes += block.bytes;
      else joined.push({ ...block });
    }
    const last = joined.at(-1);
    if (last && last.address + last.bytes === this.top) {
      this.top = last.address;
      joined.pop();
    }
    this.ranges = joined;
  }

  /** Bytes of the memory that blocks have ever reached. */
  get reachedBytes(): number {
    return this.reached;
  }
}
