// The messages that an ONNX file is made of (onnx.proto of github.com/onnx/onnx, IR version 13), as types and as descriptions for reading and
// writing. Names are the standard's, in camel case; fields that nothing here needs are left out, which a reader skips.
import { type Message, many, one, packed } from "./wire.ts";

/** A whole file. */
export interface ModelProto {
  irVersion: number | undefined;
  opsetImport: readonly OperatorSetIdProto[];
  producerName: string | undefined;
  producerVersion: string | undefined;
  domain: string | undefined;
  modelVersion: bigint | undefined;
  docString: string | undefined;
  graph: GraphProto | undefined;
  metadataProps: readonly StringStringEntryProto[];
  functions: readonly FunctionProto[];
}

/** Which version of a domain's operators nodes mean; the domain "" is ONNX's own. */
export interface OperatorSetIdProto {
  domain: string | undefined;
  version: number | undefined;
}

/** A key and its value. */
export interface StringStringEntryProto {
  key: string | undefined;
  value: string | undefined;
}

/** Nodes in an order in which they can run, with constants, inputs and outputs. */
export interface GraphProto {
  node: readonly NodeProto[];
  name: string | undefined;
  initializer: readonly TensorProto[];
  sparseInitializer: readonly SparseTensorProto[];
  docString: string | undefined;
  input: readonly ValueInfoProto[];
  output: readonly ValueInfoProto[];
  valueInfo: readonly ValueInfoProto[];
}

/** One use of an operator; an input or output "" is left out. */
export interface NodeProto {
  input: readonly string[];
  output: readonly string[];
  name: string | undefined;
  opType: string | undefined;
  domain: string | undefined;
  overload: string | undefined;
  attribute: readonly AttributeProto[];
  docString: string | undefined;
}

/** An operator as a graph of others. */
export interface FunctionProto {
  name: string | undefined;
  domain: string | undefined;
  overload: string | undefined;
  input: readonly string[];
  output: readonly string[];
  /** Names of attributes without a default. */
  attribute: readonly string[];
  /** Attributes with their defaults. */
  attributeProto: readonly AttributeProto[];
  node: readonly NodeProto[];
  opsetImport: readonly OperatorSetIdProto[];
  docString: string | undefined;
}

/** What `AttributeProto.type` may be. */
export const ATTRIBUTE_TYPE = {
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSOR: 11,
  SPARSE_TENSORS: 12,
  TYPE_PROTO: 13,
  TYPE_PROTOS: 14,
} as const;

/** A setting of a node; `type` says which of the values counts. */
export interface AttributeProto {
  name: string | undefined;
  /** In a function: the function's attribute that gives the value. */
  refAttrName: string | undefined;
  docString: string | undefined;
  type: number | undefined;
  f: number | undefined;
  i: bigint | undefined;
  s: Uint8Array | undefined;
  t: TensorProto | undefined;
  g: GraphProto | undefined;
  sparseTensor: SparseTensorProto | undefined;
  tp: TypeProto | undefined;
  floats: Float32Array;
  ints: BigInt64Array;
  strings: readonly Uint8Array[];
  tensors: readonly TensorProto[];
  graphs: readonly GraphProto[];
  sparseTensors: readonly SparseTensorProto[];
  typeProtos: readonly TypeProto[];
}

/** An array: its elements little-endian in `rawData`, or in the field of their type; see `tensor-data.ts`. */
export interface TensorProto {
  dims: readonly number[];
  dataType: number | undefined;
  floatData: Float32Array;
  int32Data: Int32Array;
  stringData: readonly Uint8Array[];
  int64Data: BigInt64Array;
  name: string | undefined;
  docString: string | undefined;
  rawData: Uint8Array | undefined;
  doubleData: Float64Array;
  uint64Data: BigUint64Array;
  /** Keys `location`, `offset`, `length` where `dataLocation` is 1: the elements are in another file. */
  externalData: readonly StringStringEntryProto[];
  dataLocation: number | undefined;
}

/** A sparse array, which nothing here reads. */
export interface SparseTensorProto {
  values: TensorProto | undefined;
  indices: TensorProto | undefined;
  dims: readonly number[];
}

/** The name and type of an input, an output or a value between. */
export interface ValueInfoProto {
  name: string | undefined;
  type: TypeProto | undefined;
  docString: string | undefined;
}

/** The type of a value: one of its fields is there. */
export interface TypeProto {
  tensorType: TensorTypeProto | undefined;
  sequenceType: ElementTypeProto | undefined;
  mapType: MapTypeProto | undefined;
  optionalType: ElementTypeProto | undefined;
  sparseTensorType: TensorTypeProto | undefined;
  denotation: string | undefined;
}

/** The type of a tensor; without a shape even its rank is open. */
export interface TensorTypeProto {
  elemType: number | undefined;
  shape: TensorShapeProto | undefined;
}

/** The type of what a sequence or an optional holds. */
export interface ElementTypeProto {
  elemType: TypeProto | undefined;
}

/** The types of a map's keys and values. */
export interface MapTypeProto {
  keyType: number | undefined;
  valueType: TypeProto | undefined;
}

/** The lengths of a tensor's axes. */
export interface TensorShapeProto {
  dim: readonly DimensionProto[];
}

/** A length, the name of one, or neither. */
export interface DimensionProto {
  dimValue: number | undefined;
  dimParam: string | undefined;
  denotation: string | undefined;
}

/** See `ModelProto`. */
export const Model: Message<ModelProto> = {
  name: "ModelProto",
  fields: {
    irVersion: one(1, "count"),
    producerName: one(2, "text"),
    producerVersion: one(3, "text"),
    domain: one(4, "text"),
    modelVersion: one(5, "int64"),
    docString: one(6, "text"),
    graph: one(7, () => Graph),
    opsetImport: many(8, () => OperatorSetId),
    metadataProps: many(14, () => StringStringEntry),
    functions: many(25, () => LocalFunction),
  },
};

const OperatorSetId: Message<OperatorSetIdProto> = {
  name: "OperatorSetIdProto",
  fields: { domain: one(1, "text"), version: one(2, "count") },
};

const StringStringEntry: Message<StringStringEntryProto> = {
  name: "StringStringEntryProto",
  fields: { key: one(1, "text"), value: one(2, "text") },
};

/** See `GraphProto`. */
export const Graph: Message<GraphProto> = {
  name: "GraphProto",
  fields: {
    node: many(1, () => Node),
    name: one(2, "text"),
    initializer: many(5, () => Tensor),
    docString: one(10, "text"),
    input: many(11, () => ValueInfo),
    output: many(12, () => ValueInfo),
    valueInfo: many(13, () => ValueInfo),
    sparseInitializer: many(15, () => SparseTensor),
  },
};

const Node: Message<NodeProto> = {
  name: "NodeProto",
  fields: {
    input: many(1, "text"),
    output: many(2, "text"),
    name: one(3, "text"),
    opType: one(4, "text"),
    attribute: many(5, () => Attribute),
    docString: one(6, "text"),
    domain: one(7, "text"),
    overload: one(8, "text"),
  },
};

const LocalFunction: Message<FunctionProto> = {
  name: "FunctionProto",
  fields: {
    name: one(1, "text"),
    input: many(4, "text"),
    output: many(5, "text"),
    attribute: many(6, "text"),
    node: many(7, () => Node),
    docString: one(8, "text"),
    opsetImport: many(9, () => OperatorSetId),
    domain: one(10, "text"),
    attributeProto: many(11, () => Attribute),
    overload: one(13, "text"),
  },
};

const Attribute: Message<AttributeProto> = {
  name: "AttributeProto",
  fields: {
    name: one(1, "text"),
    f: one(2, "float"),
    i: one(3, "int64"),
    s: one(4, "bytes"),
    t: one(5, () => Tensor),
    g: one(6, () => Graph),
    floats: many(7, "float"),
    ints: many(8, "int64"),
    strings: many(9, "bytes"),
    tensors: many(10, () => Tensor),
    graphs: many(11, () => Graph),
    docString: one(13, "text"),
    tp: one(14, () => Type),
    typeProtos: many(15, () => Type),
    type: one(20, "count"),
    refAttrName: one(21, "text"),
    sparseTensor: one(22, () => SparseTensor),
    sparseTensors: many(23, () => SparseTensor),
  },
};

/** See `TensorProto`. */
export const Tensor: Message<TensorProto> = {
  name: "TensorProto",
  fields: {
    dims: many(1, "count"),
    dataType: one(2, "count"),
    floatData: packed(4, "float"),
    int32Data: packed(5, "int32"),
    stringData: many(6, "bytes"),
    int64Data: packed(7, "int64"),
    name: one(8, "text"),
    rawData: one(9, "bytes"),
    doubleData: packed(10, "double"),
    uint64Data: packed(11, "uint64"),
    docString: one(12, "text"),
    externalData: many(13, () => StringStringEntry),
    dataLocation: one(14, "count"),
  },
};

const SparseTensor: Message<SparseTensorProto> = {
  name: "SparseTensorProto",
  fields: { values: one(1, () => Tensor), indices: one(2, () => Tensor), dims: many(3, "count") },
};

const ValueInfo: Message<ValueInfoProto> = {
  name: "ValueInfoProto",
  fields: { name: one(1, "text"), type: one(2, () => Type), docString: one(3, "text") },
};

/** See `TypeProto`. */
export const Type: Message<TypeProto> = {
  name: "TypeProto",
  fields: {
    tensorType: one(1, () => TensorType),
    sequenceType: one(4, () => ElementType),
    mapType: one(5, () => MapType),
    denotation: one(6, "text"),
    sparseTensorType: one(8, () => TensorType),
    optionalType: one(9, () => ElementType),
  },
};

const TensorType: Message<TensorTypeProto> = {
  name: "TypeProto.Tensor",
  fields: { elemType: one(1, "count"), shape: one(2, () => TensorShape) },
};

const ElementType: Message<ElementTypeProto> = {
  name: "TypeProto.Sequence",
  fields: { elemType: one(1, () => Type) },
};

const MapType: Message<MapTypeProto> = {
  name: "TypeProto.Map",
  fields: { keyType: one(1, "count"), valueType: one(2, () => Type) },
};

const TensorShape: Message<TensorShapeProto> = {
  name: "TensorShapeProto",
  fields: { dim: many(1, () => Dimension) },
};

const Dimension: Message<DimensionProto> = {
  name: "TensorShapeProto.Dimension",
  fields: { dimValue: one(1, "count"), dimParam: one(2, "text"), denotation: one(3, "text") },
};

/** Wrappers of values beside tensors in files of test data: a sequence, and an optional value (onnx-data.proto). */
export interface SequenceProto {
  name: string | undefined;
  elemType: number | undefined;
  tensorValues: readonly TensorProto[];
  sequenceValues: readonly SequenceProto[];
  optionalValues: readonly OptionalProto[];
}

/** See `SequenceProto`. */
export interface OptionalProto {
  name: string | undefined;
  elemType: number | undefined;
  tensorValue: TensorProto | undefined;
  sequenceValue: SequenceProto | undefined;
  optionalValue: OptionalProto | undefined;
}

/** See `SequenceProto`. */
export const Sequence: Message<SequenceProto> = {
  name: "SequenceProto",
  fields: {
    name: one(1, "text"),
    elemType: one(2, "count"),
    tensorValues: many(3, () => Tensor),
    sequenceValues: many(5, () => Sequence),
    optionalValues: many(7, () => Optional),
  },
};

/** See `OptionalProto`. */
export const Optional: Message<OptionalProto> = {
  name: "OptionalProto",
  fields: {
    name: one(1, "text"),
    elemType: one(2, "count"),
    tensorValue: one(3, () => Tensor),
    sequenceValue: one(5, () => Sequence),
    optionalValue: one(7, () => Optional),
  },
};
