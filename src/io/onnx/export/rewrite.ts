// A network that came from an ONNX file, written again: its own graph, with the parameters as they are by now.
import type { Model } from "../../../nn/model.ts";
import type { OnnxLayer } from "../import/layer.ts";
import { type OnnxTensor, tensorProto } from "../onnx-tensor.ts";
import type { AttributeProto, ModelProto, NodeProto, TensorProto } from "../proto/messages.ts";
import { ATTRIBUTE_TYPE } from "../proto/messages.ts";
import type { Draft } from "../proto/wire.ts";

/**
 * The messages of the file that a network came from, with its parameters; other texts are added to the file's.
 * @throws Error for a file that keeps other weights than parameters in further files.
 */
export function rewritten(
  owner: string,
  model: Model,
  { name, metadata }: { name: string | undefined; metadata: Readonly<Record<string, string>> },
): Draft<ModelProto> {
  const layer = model.layers[0] as OnnxLayer;
  const { read } = layer;
  const values = new Map<string, OnnxTensor>();
  for (const { name: key, value } of read.plan.parameters.values()) {
    const { tensor } = model.named.find((each) => each.name === `${layer.name}.${key}`)!.parameter;
    const numbers = tensor.dataSync() as Float32Array | Float64Array;
    const data = value.type === "float64" ? Float64Array.from(numbers) : Float32Array.from(numbers);
    values.set(key, { type: value.type, shape: tensor.shape, data });
  }
  const { graph, metadataProps, ...rest } = read.model;
  const texts = new Map(metadataProps.map(({ key = "", value = "" }) => [key, value]));
  for (const [key, value] of Object.entries(metadata)) texts.set(key, value);
  return {
    ...(rest as Draft<ModelProto>),
    metadataProps: [...texts].map(([key, value]) => ({ key, value })),
    graph: {
      ...(graph as Draft<ModelProto["graph"] & object>),
      ...(name !== undefined && { name }),
      node: graph.node.map((node) => withConstant(node, values)),
      initializer: graph.initializer.map((proto): Draft<TensorProto> => {
        const value = values.get(proto.name ?? "");
        if (value !== undefined) return tensorProto(value, proto.name);
        if (proto.dataLocation !== 1) return proto as Draft<TensorProto>;
        throw new Error(
          `${owner}: ${proto.name ?? "a constant"} is in a further file of the model's, and no parameter`,
        );
      }),
    },
  };
}

/** A parameter may be what a node of constants gives. */
function withConstant(node: NodeProto, values: ReadonlyMap<string, OnnxTensor>): Draft<NodeProto> {
  const value = node.opType === "Constant" ? values.get(node.output[0] ?? "") : undefined;
  if (value === undefined) return node as Draft<NodeProto>;
  const attribute: Draft<AttributeProto> = { name: "value", type: ATTRIBUTE_TYPE.TENSOR, t: tensorProto(value) };
  return { ...(node as Draft<NodeProto>), attribute: [attribute] };
}
