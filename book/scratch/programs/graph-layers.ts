// Nodes of a computational graph on single numbers: forward keeps what backward needs, backward multiplies what comes from behind by the
// node's own derivative.

export class MulLayer {
  private x = 0;
  private y = 0;

  forward(x: number, y: number): number {
    this.x = x;
    this.y = y;
    return x * y;
  }

  /** [dx, dy]: the inputs change places. */
  backward(dout: number): [number, number] {
    return [dout * this.y, dout * this.x];
  }
}

export class AddLayer {
  forward(x: number, y: number): number {
    return x + y;
  }

  /** Passes on what comes. */
  backward(dout: number): [number, number] {
    return [dout, dout];
  }
}
