// The networks of the inference jobs as a user of Nabla writes them; lib/networks.py has the same for PyTorch, in the same order of layers.

/** The model of a job, with the parameters that PyTorch wrote. */
export function networkOf(nabla, job, bytes) {
  const model = NETWORKS[job.network](nabla);
  fill(nabla, model, bytes);
  return model;
}

/** Gives the model PyTorch's parameters again. Both list parameters in the order of the layers, running statistics among them; only dense weights lie the other way round. */
export function fill({ readSafetensors, scope, transpose }, model, bytes) {
  const values = Object.values(readSafetensors(bytes).tensors);
  const { parameters } = model;
  if (parameters.length !== values.length) {
    throw new Error(`the model has ${parameters.length} parameters, the file ${values.length}`);
  }
  scope(() => {
    for (const [i, parameter] of parameters.entries()) {
      const turned = parameter.shape.length === 2 && /dense\.weights$/.test(parameter.name);
      parameter.assign(turned ? transpose(values[i]) : values[i]);
    }
  });
}

const NETWORKS = {
  perceptron({ Dense, Sequential }) {
    const [hidden, output] = [30, 10].map((units) => new Dense(units, { activation: "sigmoid" }));
    return new Sequential([hidden, output], { inputShape: [784] });
  },

  network3({ Conv2D, Dense, Flatten, MaxPooling2D, Sequential }) {
    return new Sequential(
      [
        ...[new Conv2D(20, 5, { activation: "relu" }), new MaxPooling2D(2)],
        ...[new Conv2D(40, 5, { activation: "relu" }), new MaxPooling2D(2)],
        ...[new Flatten(), new Dense(100, { activation: "relu" }), new Dense(10, { activation: "softmax" })],
      ],
      { inputShape: [1, 28, 28] },
    );
  },

  vgg16({ Conv2D, Dense, Flatten, MaxPooling2D, Sequential }) {
    const layers = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0].map((filters) =>
      filters === 0 ? new MaxPooling2D(2) : new Conv2D(filters, 3, { padding: 1, activation: "relu" }),
    );
    const head = [4096, 4096].map((units) => new Dense(units, { activation: "relu" }));
    return new Sequential([...layers, new Flatten(), ...head, new Dense(1000, { activation: "softmax" })], {
      inputShape: [3, 224, 224],
    });
  },

  resnet18: (nabla) => resnet18(nabla, { shape: [3, 224, 224], classes: 1000 }),
  resnet18small: (nabla) => resnet18(nabla, { shape: [3, 32, 32], classes: 10 }),

  lstmStep({ Dense, LSTM, Sequential }) {
    return new Sequential([new LSTM(128), new Dense(65, { activation: "softmax" })], { inputShape: [1, 64] });
  },
};

/** ResNet-18: for large pictures with a first layer of 7x7, pooling and softmax; for small ones of 3x3, without both. */
function resnet18(nabla, { shape, classes }) {
  const { Activation, Add, BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, input, MaxPooling2D, Model } =
    nabla;
  const normed = (x, filters, size, stride, padding) =>
    new BatchNormalization().apply(new Conv2D(filters, size, { stride, padding, bias: null }).apply(x));
  const relu = (x) => new Activation("relu").apply(x);
  const large = shape[1] > 32;
  const x = input(shape);
  let y = relu(large ? normed(x, 64, 7, 2, 3) : normed(x, 64, 3, 1, 1));
  if (large) y = new MaxPooling2D(3, { stride: 2, padding: 1 }).apply(y);
  for (const [filters, first] of [64, 128, 256, 512].flatMap((filters) => [
    [filters, filters > 64 ? 2 : 1],
    [filters, 1],
  ])) {
    const inner = normed(relu(normed(y, filters, 3, first, 1)), filters, 3, 1, 1);
    const around = first === 1 ? y : normed(y, filters, 1, first, 0);
    y = relu(new Add().apply([inner, around]));
  }
  const last = new Dense(classes, { activation: large ? "softmax" : "linear" });
  return new Model({ inputs: x, outputs: last.apply(new GlobalAveragePooling2D().apply(y)) });
}
