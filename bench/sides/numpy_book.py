# The program of Nielsen's first chapter for J1, written after its description: a network is two lists of arrays, a mini-batch is a loop over its
# samples, each with its own backpropagation on column vectors. `form` "matrix" is the exercise of chapter 2: the whole mini-batch in one pass.
from serve import Cannot, Missing, read_data, serve

try:
    import numpy
except ImportError:
    numpy = None


def sigmoid(z):
    return 1.0 / (1.0 + numpy.exp(-z))


class Network:
    def __init__(self, weights, biases):
        self.weights, self.biases = weights, biases

    def feedforward(self, a):
        for w, b in zip(self.weights, self.biases):
            a = sigmoid(w @ a + b)
        return a

    def update_mini_batch(self, mini_batch, rate):
        bias_sums = [numpy.zeros(b.shape) for b in self.biases]
        weight_sums = [numpy.zeros(w.shape) for w in self.weights]
        for x, y in mini_batch:
            bias_gradients, weight_gradients = self.backpropagate(x, y)
            bias_sums = [total + part for total, part in zip(bias_sums, bias_gradients)]
            weight_sums = [total + part for total, part in zip(weight_sums, weight_gradients)]
        self.descend(bias_sums, weight_sums, rate / len(mini_batch))

    def backpropagate(self, x, y):
        """Gradients of |a - y|^2 / 2 for one sample, or summed over the samples in the columns of x."""
        activations = [x]
        for w, b in zip(self.weights, self.biases):
            activations.append(sigmoid(w @ activations[-1] + b))
        a = activations[-1]
        delta = (a - y) * a * (1 - a)
        bias_gradients, weight_gradients = [], []
        for layer in range(len(self.weights) - 1, -1, -1):
            bias_gradients.insert(0, delta.sum(axis=1, keepdims=True))
            weight_gradients.insert(0, delta @ activations[layer].T)
            if layer > 0:
                a = activations[layer]
                delta = (self.weights[layer].T @ delta) * a * (1 - a)
        return bias_gradients, weight_gradients

    def descend(self, bias_gradients, weight_gradients, rate):
        self.biases = [b - rate * gradient for b, gradient in zip(self.biases, bias_gradients)]
        self.weights = [w - rate * gradient for w, gradient in zip(self.weights, weight_gradients)]


class Work:
    def __init__(self, request):
        self.job, self.version = request["job"], numpy.__version__
        self.matrix = request["form"] == "matrix"
        self.array = read_data(numpy, request["data"])
        x, y, size = self.array("images"), numpy.eye(10, dtype="float32")[self.array("labels")], self.job["batch"]
        # Samples as columns, the way the book holds them.
        self.batches = [(x[i : i + size].T.copy(), y[i : i + size].T.copy()) for i in range(0, len(x), size)]
        self.samples = [[(x[:, [j]], y[:, [j]]) for j in range(size)] for x, y in self.batches]

    def start(self):
        layers = range(len(self.job["layers"]))
        weights = [self.array(f"J1.{i}.weights").T.copy() for i in layers]
        biases = [self.array(f"J1.{i}.bias").reshape(-1, 1) for i in layers]
        if not self.matrix:
            # The book draws its parameters as float64, and so computes in it.
            weights, biases = ([values.astype("float64") for values in one] for one in (weights, biases))
        self.network, self.position = Network(weights, biases), 0

    def advance(self, count):
        network, rate = self.network, self.job["learningRate"]
        for step in range(count):
            place = self.position % len(self.batches)
            self.position += 1
            x, y = self.batches[place]
            if step == count - 1:
                loss = float(((network.feedforward(x) - y) ** 2).sum()) / (2 * x.shape[1])
            if self.matrix:
                network.descend(*network.backpropagate(x, y), rate / x.shape[1])
            else:
                network.update_mini_batch(self.samples[place], rate)
        return loss


def prepare(request):
    if numpy is None:
        raise Missing("python has no numpy; install python3-numpy")
    if request["job"]["id"] != "J1":
        raise Cannot("the book's program is J1")
    return Work(request)


serve(prepare)
