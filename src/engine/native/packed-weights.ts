// Weights of convolutions in the library's layout, kept for as long as nobody writes to them: a network that only answers packs them once.
import type { Storage } from "../storage.ts";
import type { Host } from "./host.ts";
import type { Convolution } from "./primitives.ts";

/** The weights at one place, packed for one convolution. */
export interface Kept {
  /** Bytes from the start of the storage to the weights. */
  readonly place: number;
  /** The storage's count of writes when they were packed, or asked for. */
  version: number;
  /** Whether `storage` holds them as they are now. */
  ready: boolean;
  /** Where they are kept; null until they have been asked for twice without a write between, or where there is no memory. */
  storage: Storage | null;
  refused: boolean;
}

export class PackedWeights {
  /** By the convolution that they are packed for; what is kept goes with the weights' storage. */
  private readonly kept = new WeakMap<Convolution, WeakMap<Storage, Kept[]>>();
  private readonly host: Host;

  constructor(host: Host) {
    this.host = host;
  }

  /** What is kept of the weights at an address, or null: they may change unseen, or are met for the first time as they are now. */
  find(source: Storage, plan: Convolution, address: number, bytes: number): Kept | null {
    if (source.uncounted) return null;
    const place = address - source.address;
    let places = this.kept.get(plan);
    if (places === undefined) {
      places = new WeakMap();
      this.kept.set(plan, places);
    }
    let all = places.get(source);
    if (all === undefined) {
      all = [];
      places.set(source, all);
    }
    const found = all.find((each) => each.place === place);
    if (found === undefined) {
      all.push({ place, version: source.version, ready: false, storage: null, refused: false });
      return null;
    }
    if (found.version !== source.version) {
      found.version = source.version;
      found.ready = false;
      found.refused = false;
      return null;
    }
    if (found.storage === null && !found.refused) {
      found.storage = this.host.allocateKept(bytes);
      found.refused = found.storage === null;
    }
    return found;
  }
}
