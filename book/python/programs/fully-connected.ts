// Section 5.3: a fully connected layer forward and backward as matrix products, each with its shapes; and global average pooling, which stands
// in its place without a weight.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";

/** A product as the text writes it: (16x500)(500x800) = 16x800. */
export interface Product {
  readonly name: string;
  readonly shapes: string;
}

const shapeOf = ({ rows, columns }: Matrix) => `${rows}x${columns}`;

export class FullyConnected {
  /** outputs by inputs, as in the text. */
  readonly w: Matrix;
  readonly b: Matrix;
  readonly products: Product[] = [];
  dw = new Matrix(0, 0);
  db = new Matrix(0, 0);
  private x = new Matrix(0, 0);

  constructor(inputs: number, outputs: number, random: Random) {
    this.w = Matrix.fill(outputs, inputs, () => random.normal(0, 1 / Math.sqrt(inputs)));
    this.b = new Matrix(outputs, 1);
  }

  private product(name: string, a: Matrix, b: Matrix): Matrix {
    const c = a.dot(b);
    this.products.push({ name, shapes: `(${shapeOf(a)})(${shapeOf(b)}) = ${shapeOf(c)}` });
    return c;
  }

  /** y = x w^T + b, a row a sample. */
  forward(x: Matrix): Matrix {
    this.x = x;
    return this.product("y", x, this.w.transposed).plus(this.b.transposed);
  }

  /** dx = dy w, dw = dy^T x, db = dy^T times ones. */
  backward(dy: Matrix): Matrix {
    this.dw = this.product("dw", dy.transposed, this.x);
    this.db = this.product(
      "db",
      dy.transposed,
      Matrix.fill(dy.rows, 1, () => 1),
    );
    return this.product("dx", dy, this.w);
  }
}

/** The mean of every channel: rows of channels * places numbers become rows of channels. */
export function globalAveragePooling(x: Matrix, channels: number): Matrix {
  const places = placesIn(x, channels);
  return Matrix.fill(x.rows, channels, (n, c) => {
    let sum = 0;
    for (let p = 0; p < places; p++) sum += x.at(n, c * places + p);
    return sum / places;
  });
}

/** Each place gets an equal share. */
export function globalAveragePoolingBackward(dy: Matrix, places: number): Matrix {
  return Matrix.fill(dy.rows, dy.columns * places, (n, k) => dy.at(n, Math.floor(k / places)) / places);
}

function placesIn(x: Matrix, channels: number): number {
  if (x.columns % channels !== 0) {
    const near = [Math.floor(x.columns / channels), Math.ceil(x.columns / channels)].map((n) => n * channels);
    throw new RangeError(
      `globalAveragePooling: rows of ${x.columns} numbers are no ${channels} channels of equal size; ${near.filter((n) => n > 0).join(" or ")} would be`,
    );
  }
  return x.columns / channels;
}
