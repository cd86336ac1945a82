// The networks that section 5.3 names, as lists of layers that only count: shapes, parameters, multiply-adds. LeNet-5, AlexNet, VGG, ResNet, GoogLeNet.
import { placesOf } from "../../sizes.ts";

export interface Row {
  readonly layer: string;
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly fullyConnected: boolean;
}

export interface ConvOptions {
  readonly stride?: number;
  readonly pad?: number;
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Batch normalisation behind it: gamma and beta of every channel. Default false. */
  readonly norm?: boolean;
}

/** Walks through a network layer by layer, from the shape of its input. */
export class Walk {
  readonly rows: Row[] = [];
  shape: readonly [number, number, number];

  constructor(channels: number, height: number, width = height) {
    this.shape = [channels, height, width];
  }

  private add(layer: string, shape: Row["shape"], parameters = 0, multiplyAdds = 0, fullyConnected = false): this {
    this.rows.push({ layer, shape, parameters, multiplyAdds, fullyConnected });
    this.shape = shape;
    return this;
  }

  /** Where sizes do not divide, the last rows and columns stay unseen, as in the frameworks these networks were written for. */
  private windows(size: number, kernel: number, stride: number, pad: number): number {
    const rest = (size + 2 * pad - kernel) % stride;
    return placesOf("Walk", "size", size - Math.max(0, rest), kernel, pad, stride);
  }

  conv(filters: number, kernel: number, options: ConvOptions = {}): this {
    const { stride = 1, pad = 0, groups = 1, bias = true, norm = false } = options;
    const [channels, height, width] = this.shape;
    const [h, w] = [height, width].map((size) => this.windows(size, kernel, stride, pad));
    const weights = (filters * channels * kernel * kernel) / groups;
    const parameters = weights + (bias ? filters : 0) + (norm ? 2 * filters : 0);
    return this.add(`conv ${kernel}x${kernel}`, [filters, h, w], parameters, weights * h * w);
  }

  pool(kernel: number, stride = kernel, pad = 0): this {
    const [channels, height, width] = this.shape;
    const [h, w] = [height, width].map((size) => this.windows(size, kernel, stride, pad));
    return this.add(`pool ${kernel}x${kernel}`, [channels, h, w]);
  }

  /** Global average pooling. */
  average(): this {
    return this.add("average", [this.shape[0], 1, 1]);
  }

  full(outputs: number): this {
    const inputs = this.shape[0] * this.shape[1] * this.shape[2];
    return this.add("fully connected", [outputs, 1, 1], (inputs + 1) * outputs, inputs * outputs, true);
  }

  /** Branches from the same input. "concatenate": channels one after the other; "add": all give the same shape. */
  branches(join: "concatenate" | "add", ...walks: readonly ((walk: Walk) => Walk)[]): this {
    const ends = walks.map((go) => {
      const walk = go(new Walk(...this.shape));
      this.rows.push(...walk.rows);
      return walk.shape;
    });
    const [, height, width] = ends[0];
    if (ends.some(([c, h, w]) => h !== height || w !== width || (join === "add" && c !== ends[0][0]))) {
      throw new RangeError(`branches of shapes ${ends.map((end) => `(${end})`).join(", ")} do not ${join}`);
    }
    this.shape = [join === "add" ? ends[0][0] : ends.reduce((sum, [c]) => sum + c, 0), height, width];
    return this;
  }

  get parameters(): number {
    return this.rows.reduce((sum, row) => sum + row.parameters, 0);
  }

  get multiplyAdds(): number {
    return this.rows.reduce((sum, row) => sum + row.multiplyAdds, 0);
  }

  /** Parameters layer by layer, without those that have none. */
  get byLayer(): number[] {
    return this.rows.map(({ parameters }) => parameters).filter((count) => count > 0);
  }

  /** Share of the parameters that fully connected layers hold. */
  get fullyConnectedShare(): number {
    const held = this.rows.filter(({ fullyConnected }) => fullyConnected).reduce((sum, row) => sum + row.parameters, 0);
    return held / this.parameters;
  }
}

/** As it is built today: 28x28, every map sees every map, softmax. */
export function leNet5(): Walk {
  return new Walk(1, 28).conv(6, 5, { pad: 2 }).pool(2).conv(16, 5).pool(2).full(120).full(84).full(10);
}

/** LeCun's, of 32x32: S2 and S4 have a factor and a bias a map, C3's maps see 3, 4 or 6 of six; 840 fixed connections lead to the outputs. */
export function leNet5Original(): { layers: number[]; connections: number } {
  const seen = [...Array(6).fill(3), ...Array(9).fill(4), 6] as number[];
  const c3 = seen.reduce((sum, maps) => sum + maps * 25 + 1, 0);
  const layers = [6 * 26, 6 * 2, c3, 16 * 2, 120 * (16 * 25 + 1), 84 * 121];
  const connections = [156 * 28 * 28, 6 * 14 * 14 * 5, c3 * 10 * 10, 16 * 5 * 5 * 5, layers[4], layers[5], 84 * 10];
  return { layers, connections: connections.reduce((sum, count) => sum + count) };
}

/** Two convolutions to the text's 800 = 50 x 4 x 4 inputs and 500 outputs. */
export function leNet800(): Walk {
  return new Walk(1, 28).conv(20, 5).pool(2).conv(50, 5).pool(2).full(500).full(10);
}

/** 227x227; `groups` 2: on two GPUs, as published. */
export function alexNet(groups: 1 | 2 = 2): Walk {
  return new Walk(3, 227)
    .conv(96, 11, { stride: 4 })
    .pool(3, 2)
    .conv(256, 5, { pad: 2, groups })
    .pool(3, 2)
    .conv(384, 3, { pad: 1 })
    .conv(384, 3, { pad: 1, groups })
    .conv(256, 3, { pad: 1, groups })
    .pool(3, 2)
    .full(4096)
    .full(4096)
    .full(1000);
}

/** One tower with fewer filters, as torchvision has it. */
export function alexNetTorchvision(): Walk {
  const first = new Walk(3, 224).conv(64, 11, { stride: 4, pad: 2 }).pool(3, 2).conv(192, 5, { pad: 2 }).pool(3, 2);
  const last = first.conv(384, 3, { pad: 1 }).conv(256, 3, { pad: 1 }).conv(256, 3, { pad: 1 }).pool(3, 2);
  return last.full(4096).full(4096).full(1000);
}

const VGG = { 11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] } as const;

export function vgg(depth: keyof typeof VGG, norm = false): Walk {
  const walk = new Walk(3, 224);
  VGG[depth].forEach((count, block) => {
    for (let i = 0; i < count; i++) walk.conv([64, 128, 256, 512, 512][block], 3, { pad: 1, norm });
    walk.pool(2);
  });
  return walk.full(4096).full(4096).full(1000);
}

const RESNET = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
} as const;

/** The depth counts convolutions on the main path and the last layer, not the projections of the short cuts. */
export function resNet(depth: keyof typeof RESNET): Walk {
  const plain = { bias: false, norm: true };
  const walk = new Walk(3, 224).conv(64, 7, { stride: 2, pad: 3, ...plain }).pool(3, 2, 1);
  RESNET[depth].forEach((blocks, stage) => {
    const width = 64 * 2 ** stage;
    const out = depth < 50 ? width : 4 * width;
    for (let i = 0; i < blocks; i++) {
      const stride = i === 0 && stage > 0 ? 2 : 1;
      const main = (w: Walk) =>
        depth < 50
          ? w.conv(width, 3, { stride, pad: 1, ...plain }).conv(width, 3, { pad: 1, ...plain })
          : w
              .conv(width, 1, plain)
              .conv(width, 3, { stride, pad: 1, ...plain })
              .conv(out, 1, plain);
      const shortCut = (w: Walk) => (w.shape[0] === out && stride === 1 ? w : w.conv(out, 1, { stride, ...plain }));
      walk.branches("add", main, shortCut);
    }
  });
  return walk.average().full(1000);
}

/** 1x1; 1x1 then 3x3; 1x1 then 5x5; pool then 1x1. */
export const INCEPTION = [
  [64, 96, 128, 16, 32, 32],
  [128, 128, 192, 32, 96, 64],
  [192, 96, 208, 16, 48, 64],
  [160, 112, 224, 24, 64, 64],
  [128, 128, 256, 24, 64, 64],
  [112, 144, 288, 32, 64, 64],
  [256, 160, 320, 32, 128, 128],
  [256, 160, 320, 32, 128, 128],
  [384, 192, 384, 48, 128, 128],
] as const;

/** "paper": 5x5 filters and biases. "torchvision": batch normalisation, and 3x3 in place of 5x5. */
export function googLeNet(
  form: "paper" | "torchvision" = "paper",
  auxiliary = false,
): { walk: Walk; modules: { channels: number; parameters: number }[] } {
  const paper = form === "paper";
  const options = paper ? {} : { bias: false, norm: true };
  const large = paper ? 5 : 3;
  const walk = new Walk(3, 224)
    .conv(64, 7, { stride: 2, pad: 3, ...options })
    .pool(3, 2, 1)
    .conv(64, 1, options);
  walk.conv(192, 3, { pad: 1, ...options }).pool(3, 2, 1);
  const modules: { channels: number; parameters: number }[] = [];
  INCEPTION.forEach(([one, threeIn, three, fiveIn, five, pooled], m) => {
    const before = walk.parameters;
    walk.branches(
      "concatenate",
      (w) => w.conv(one, 1, options),
      (w) => w.conv(threeIn, 1, options).conv(three, 3, { pad: 1, ...options }),
      (w) => w.conv(fiveIn, 1, options).conv(five, large, { pad: (large - 1) / 2, ...options }),
      (w) => w.pool(3, 1, 1).conv(pooled, 1, options),
    );
    modules.push({ channels: walk.shape[0], parameters: walk.parameters - before });
    // Behind the third and the sixth module a head of its own guesses, in training only.
    if (auxiliary && (m === 2 || m === 5)) {
      const head = new Walk(...walk.shape).pool(5, 3).conv(128, 1, options).full(1024).full(1000);
      walk.rows.push(...head.rows);
    }
    if (m === 1 || m === 6) walk.pool(3, 2, 1);
  });
  walk.average().full(1000);
  return { walk, modules };
}
