// Layers of our own, as a user writes them on the public class `Layer`, for what the jobs need beside Dense and Flatten.

/** The classes, given Nabla's module: it is imported only once the clock runs. */
export function layersOn({ conv2d, embedding, gru, Layer, lstm, maxPool2d, reshape }) {
  class Convolution extends Layer {
    // `fit` may replay it; all of these depend on input and parameters alone.
    static repeatable = true;
    type = "convolution";

    constructor({ filters, size, padding, activation }) {
      super();
      Object.assign(this, { filters, size, options: { padding, activation } });
    }

    build([channels, height, width]) {
      const shape = [this.filters, channels, this.size, this.size];
      this.weights = this.declare("weights", shape, { initialiser: "he", decay: true });
      this.bias = this.declare("bias", [this.filters], { initialiser: "zeros", decay: false });
      const reach = 2 * this.options.padding - this.size + 1;
      return [this.filters, height + reach, width + reach];
    }

    call(x) {
      return conv2d(x, this.weights.tensor, this.bias.tensor, this.options);
    }

    config() {
      return { type: this.type, filters: this.filters, size: this.size, ...this.options };
    }
  }

  class Pool extends Layer {
    static repeatable = true;
    type = "pool";

    build([channels, height, width]) {
      return [channels, height / 2, width / 2];
    }

    call(x) {
      return maxPool2d(x, 2);
    }

    config() {
      return { type: this.type };
    }
  }

  /** Letters [steps, batch] (int32) to vectors [steps, batch, size]. */
  class Embedding extends Layer {
    static repeatable = true;
    type = "embedding";

    constructor({ words, size }) {
      super();
      Object.assign(this, { words, size });
    }

    build(inputShape) {
      this.weights = this.declare("weights", [this.words, this.size], { initialiser: "normal", decay: true });
      return [...inputShape, this.size];
    }

    call(x) {
      return embedding(this.weights.tensor, x);
    }

    config() {
      return { type: this.type, words: this.words, size: this.size };
    }
  }

  class Recurrent extends Layer {
    static repeatable = true;

    constructor({ kind, size }) {
      super();
      this.type = kind;
      this.size = size;
    }

    build([batch, inputs]) {
      const rows = { lstm: 4, gru: 3 }[this.type] * this.size;
      for (const [name, shape] of [
        ["inputWeights", [rows, inputs]],
        ["stateWeights", [rows, this.size]],
        ["inputBias", [rows]],
        ["stateBias", [rows]],
      ]) {
        this[name] = this.declare(name, shape, { initialiser: "scaled", decay: shape.length > 1 });
      }
      return [batch, this.size];
    }

    call(x) {
      const { inputWeights, stateWeights, inputBias, stateBias } = this;
      const weights = { inputWeights: inputWeights.tensor, stateWeights: stateWeights.tensor };
      const parameters = { ...weights, inputBias: inputBias.tensor, stateBias: stateBias.tensor };
      return (this.type === "gru" ? gru(x, null, parameters) : lstm(x, null, null, parameters)).outputs;
    }

    config() {
      return { type: this.type, size: this.size };
    }
  }

  /** The outputs of all steps [steps, batch, size] as rows [steps batch, size]. */
  class Rows extends Layer {
    static repeatable = true;
    type = "rows";

    build([, size]) {
      return [size];
    }

    call(x) {
      return reshape(x, [-1, x.shape.at(-1)]);
    }

    config() {
      return { type: this.type };
    }
  }

  return { Convolution, Pool, Embedding, Recurrent, Rows };
}
