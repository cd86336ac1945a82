// Backpropagation in objects, as the third part of the series builds it: nodes, and connections that carry the weights. The delta of a node
// is -dE/dnet, as in the text. `gradient` is dE/dw = -delta x here and in every other file of this folder, so updates subtract; the series
// calls +delta x the gradient in this part and -delta x in the later ones. The arithmetic of an update is the same.
import type { Random } from "../../random.ts";
import { type CheckedGradient, slopeOf, squaredError } from "./gradient-check.ts";

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

const fixed = (value: number) => value.toFixed(6);

export class Node {
  readonly layerIndex: number;
  readonly nodeIndex: number;
  readonly downstream: Connection[] = [];
  readonly upstream: Connection[] = [];
  output = 0;
  delta = 0;

  constructor(layerIndex: number, nodeIndex: number) {
    this.layerIndex = layerIndex;
    this.nodeIndex = nodeIndex;
  }

  /** For nodes of the input layer. */
  setOutput(output: number): void {
    this.output = output;
  }

  appendDownstreamConnection(connection: Connection): void {
    this.downstream.push(connection);
  }

  appendUpstreamConnection(connection: Connection): void {
    this.upstream.push(connection);
  }

  /** y = sigmoid(sum of x w over what comes in) */
  calcOutput(): void {
    let net = 0;
    for (const { upstreamNode, weight } of this.upstream) net += upstreamNode.output * weight;
    this.output = sigmoid(net);
  }

  /** Equation 4: delta = a (1 - a) sum of w delta over what goes out */
  calcHiddenLayerDelta(): void {
    let sum = 0;
    for (const { downstreamNode, weight } of this.downstream) sum += downstreamNode.delta * weight;
    this.delta = this.output * (1 - this.output) * sum;
  }

  /** Equation 3: delta = y (1 - y) (t - y) */
  calcOutputLayerDelta(label: number): void {
    this.delta = this.output * (1 - this.output) * (label - this.output);
  }

  toString(): string {
    const lines = [`${this.layerIndex}-${this.nodeIndex}: output: ${fixed(this.output)} delta: ${fixed(this.delta)}`];
    for (const connection of this.downstream) lines.push(`\tdownstream: ${connection}`);
    for (const connection of this.upstream) lines.push(`\tupstream: ${connection}`);
    return lines.join("\n");
  }
}

/** A node whose output is always 1: the weights of its connections are the biases of the next layer. */
export class ConstNode extends Node {
  constructor(layerIndex: number, nodeIndex: number) {
    super(layerIndex, nodeIndex);
    this.output = 1;
  }

  override setOutput(): void {
    throw new Error(`node ${this.layerIndex}-${this.nodeIndex} stands for the biases; its output is always 1`);
  }

  override calcOutput(): void {}
}

export class Layer {
  readonly layerIndex: number;
  /** The constant node is the last. */
  readonly nodes: Node[];

  constructor(layerIndex: number, nodeCount: number) {
    this.layerIndex = layerIndex;
    this.nodes = Array.from({ length: nodeCount }, (_, i) => new Node(layerIndex, i));
    this.nodes.push(new ConstNode(layerIndex, nodeCount));
  }

  /** The nodes without the constant one. */
  get neurons(): Node[] {
    return this.nodes.slice(0, -1);
  }

  setOutput(data: ArrayLike<number>): void {
    if (data.length !== this.nodes.length - 1) {
      throw new RangeError(`layer ${this.layerIndex}: has ${this.nodes.length - 1} nodes, got ${data.length} numbers`);
    }
    for (let i = 0; i < data.length; i++) this.nodes[i].setOutput(data[i]);
  }

  calcOutput(): void {
    for (let i = 0; i < this.nodes.length - 1; i++) this.nodes[i].calcOutput();
  }

  dump(): string {
    return this.nodes.join("\n");
  }
}

export class Connection {
  readonly upstreamNode: Node;
  readonly downstreamNode: Node;
  weight: number;
  private gradient = 0;

  constructor(upstreamNode: Node, downstreamNode: Node, random: Random) {
    this.upstreamNode = upstreamNode;
    this.downstreamNode = downstreamNode;
    this.weight = random.uniform(-0.1, 0.1);
  }

  /** dE/dw = -delta x */
  calcGradient(): void {
    this.gradient = -this.downstreamNode.delta * this.upstreamNode.output;
  }

  getGradient(): number {
    return this.gradient;
  }

  /** Equation 5, w += rate delta x, written as a step against the gradient. */
  updateWeight(rate: number): void {
    this.calcGradient();
    this.weight -= rate * this.gradient;
  }

  toString(): string {
    const [from, to] = [this.upstreamNode, this.downstreamNode];
    return `(${from.layerIndex}-${from.nodeIndex}) -> (${to.layerIndex}-${to.nodeIndex}) = ${fixed(this.weight)}`;
  }
}

/** All connections of a network. */
export class Connections {
  readonly connections: Connection[] = [];

  addConnection(connection: Connection): void {
    this.connections.push(connection);
  }

  dump(): string {
    return this.connections.join("\n");
  }
}

export class Network {
  readonly layers: Layer[];
  readonly connections = new Connections();

  /** `layers`: how many nodes each layer has. */
  constructor(layers: readonly number[], random: Random) {
    this.layers = layers.map((nodeCount, i) => new Layer(i, nodeCount));
    for (let i = 0; i + 1 < layers.length; i++) {
      for (const upstreamNode of this.layers[i].nodes) {
        for (const downstreamNode of this.layers[i + 1].neurons) {
          const connection = new Connection(upstreamNode, downstreamNode, random);
          this.connections.addConnection(connection);
          upstreamNode.appendDownstreamConnection(connection);
          downstreamNode.appendUpstreamConnection(connection);
        }
      }
    }
  }

  /** Labels come first, as in the series. */
  train(
    labels: readonly ArrayLike<number>[],
    dataSet: readonly ArrayLike<number>[],
    rate: number,
    iteration: number,
  ): void {
    for (let i = 0; i < iteration; i++) {
      for (let d = 0; d < dataSet.length; d++) this.trainOneSample(labels[d], dataSet[d], rate);
    }
  }

  trainOneSample(label: ArrayLike<number>, sample: ArrayLike<number>, rate: number): void {
    this.predict(sample);
    this.calcDelta(label);
    this.updateWeight(rate);
  }

  calcDelta(label: ArrayLike<number>): void {
    const [output, ...before] = [...this.layers].reverse();
    output.neurons.forEach((node, i) => {
      node.calcOutputLayerDelta(label[i]);
    });
    for (const layer of before) for (const node of layer.nodes) node.calcHiddenLayerDelta();
  }

  updateWeight(rate: number): void {
    for (const connection of this.connections.connections) connection.updateWeight(rate);
  }

  calcGradient(): void {
    for (const connection of this.connections.connections) connection.calcGradient();
  }

  /** Leaves dE/dw of this sample in the connections. */
  getGradient(label: ArrayLike<number>, sample: ArrayLike<number>): void {
    this.predict(sample);
    this.calcDelta(label);
    this.calcGradient();
  }

  predict(sample: ArrayLike<number>): number[] {
    this.layers[0].setOutput(sample);
    for (const layer of this.layers.slice(1)) layer.calcOutput();
    return this.layers[this.layers.length - 1].neurons.map(({ output }) => output);
  }

  dump(): string {
    return this.layers.map((layer) => layer.dump()).join("\n");
  }
}

/** The gradient of every connection for one sample, by the slope of the error and by backpropagation. */
export function gradientCheck(
  network: Network,
  sampleFeature: ArrayLike<number>,
  sampleLabel: ArrayLike<number>,
  epsilon = 1e-4,
): CheckedGradient[] {
  network.getGradient(sampleLabel, sampleFeature);
  const error = () => squaredError(network.predict(sampleFeature), sampleLabel);
  return network.connections.connections.map((connection) => {
    const write = (value: number) => {
      connection.weight = value;
    };
    return { expected: slopeOf(error, () => connection.weight, write, epsilon), actual: connection.getGradient() };
  });
}
