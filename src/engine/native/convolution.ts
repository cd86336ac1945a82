// Convolutions and their gradients by the library, in place of the kernels of the same names: by oneDNN's own, or as products of patches.
import type { Storage } from "../storage.ts";
import { BlockedConvolutions } from "./blocked.ts";
import type { Geometry, Host } from "./host.ts";
import type { Koffi } from "./koffi.ts";
import type { NativeLibrary } from "./library.ts";
import { isPlain, runPatches } from "./patches.ts";
import type { ConvolutionKind } from "./primitives.ts";
import { runWinograd } from "./winograd.ts";

export const CONVOLUTIONS: Readonly<Record<string, ConvolutionKind>> = {
  convolution: "forward",
  convolutionInputGradient: "inputGradient",
  convolutionWeightGradient: "weightGradient",
};

/** Multiply-adds from which the library is faster than the kernel: of the whole batch, or of one image. */
const [SMALLEST_CONVOLUTION, SMALLEST_IMAGE] = [400_000, 25_000];
/** Channels of a block in oneDNN's layout, and the share of the blocks that must be filled for it to be the faster way. */
const [BLOCK, FILLED] = [16, 0.75];
const FEW_CHANNELS = 3;
/** Pixels from which images whose windows are single pixels are multiplied as they lie. */
const FEWEST_PIXELS = 256;

export class Convolutions {
  /** By the library's own convolutions; null where it has none. */
  readonly blocked: BlockedConvolutions | null;
  private readonly host: Host;
  private readonly smallest: number;

  constructor(koffi: Koffi, library: NativeLibrary, host: Host, smallest?: number) {
    this.host = host;
    this.smallest = smallest ?? SMALLEST_CONVOLUTION;
    // Its interface has small numbers in places for large ones, as only this processor's calls allow.
    const available = library.kind === "onednn" && process.arch === "x64";
    this.blocked = available ? new BlockedConvolutions(koffi, library, host) : null;
  }

  /**
   * Runs what the kernel of that name would; `values` are its arguments, operands as addresses, `weights` where those of a forward pass lie. False
   * if the kernel has to: for groups, what is too small, and what needs more memory than it is worth.
   */
  run(name: string, values: readonly number[], weights?: Storage): boolean {
    const kind = CONVOLUTIONS[name]!;
    const geometry = values.slice(-16) as unknown as Geometry;
    const [batch, channels, , , filters, kernelHeight, kernelWidth] = geometry;
    const [groups, outHeight, outWidth] = geometry.slice(13) as [number, number, number];
    const work = batch * channels * kernelHeight * kernelWidth * filters * outHeight * outWidth;
    if (groups !== 1 || (work < this.smallest && work < batch * SMALLEST_IMAGE)) return false;
    if (runWinograd(this.host, kind, geometry, values)) return true;
    // Transposed convolutions have a bias and an activation here.
    if (kind === "inputGradient" && (values[2] !== 0 || values[5] !== 0)) return false;
    const asPatches = (): boolean => runPatches(this.host, kind, geometry, values);
    const asBlocks = (): boolean => this.blocked?.run(kind, geometry, values, weights) ?? false;
    const asProducts = isPlain(geometry) && outHeight * outWidth >= FEWEST_PIXELS;
    const blocks = !asProducts && this.fillsBlocks(kind, channels, filters);
    return blocks ? asBlocks() || asPatches() : asPatches() || asBlocks();
  }

  private fillsBlocks(kind: ConvolutionKind, channels: number, filters: number): boolean {
    const filled = (count: number): number => count / (Math.ceil(count / BLOCK) * BLOCK);
    // A few channels, as an image has them, are read as they lie; what they gain forward is lost in turning the result.
    if (channels <= FEW_CHANNELS) return kind === "weightGradient";
    return filled(channels) * filled(filters) >= FILLED;
  }

  /** Forgets all shapes. */
  clear(): void {
    this.blocked?.clear();
  }
}
