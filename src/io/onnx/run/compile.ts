// From a file's graph to a plan: every name becomes a place, every node an operator's implementation with its attributes, functions of the model's own
// are put in where they are used, and what depends on constants alone is computed at once.
import { quote } from "../../../engine/quote.ts";
import { type ExternalData, elementArray, elementType, readTensorProto, storedArray } from "../onnx-tensor.ts";
import { operatorOf } from "../operators/table.ts";
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
} from "../proto/messages.ts";
import type { Damaged } from "../proto/wire.ts";
import { Attributes } from "./attributes.ts";
import type { OperatorEntry } from "./entry.ts";
import { type ArrayValue, fromData, fromStored, type Value } from "./value.ts";

/** A node, ready to run. Places are those of its plan's values; -1 stands for what is left out. */
export interface PlannedNode {
  /** As errors call it. */
  readonly label: string;
  readonly opType: string;
  readonly entry: OperatorEntry;
  readonly opset: number;
  readonly attributes: Attributes;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly bodies: readonly PlannedBody[];
}

/** A graph among a node's attributes. */
export interface PlannedBody {
  readonly name: string;
  readonly plan: Plan;
}

/** How a graph runs. */
export interface Plan {
  /** Number of values. */
  size: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly nodes: PlannedNode[];
  /** Values that are there from the start. */
  readonly constants: Map<number, Value>;
  /** The file's arrays that are to be a model's parameters, by their places: not among the constants. */
  readonly parameters: Map<number, { name: string; value: ArrayValue }>;
  /** Values of the graph around it that it uses: there, and here. */
  readonly outer: (readonly [from: number, to: number])[];
}

/** What a model consists of for the compiler. */
export interface Source {
  readonly name: string;
  readonly model: ModelProto;
  readonly damaged: Damaged;
  readonly external: ExternalData | undefined;
  /** Arrays of the file that have no elements in it: parameters that are filled otherwise. */
  readonly hollow?: ReadonlySet<string>;
}

/** The newest version of ONNX's operators that is known here. */
const NEWEST = 26;

/** Function calls within function calls, at most. */
const DEEPEST_CALL = 60;

type Opsets = ReadonlyMap<string, number>;

function domainOf(domain: string | undefined): string {
  return domain === undefined || domain === "ai.onnx" ? "" : domain;
}

function opsetsOf(source: Source, imports: ModelProto["opsetImport"]): Opsets {
  const opsets = new Map(imports.map(({ domain, version }) => [domainOf(domain), version ?? 1]));
  const version = opsets.get("");
  if (version !== undefined && version > NEWEST) {
    throw new Error(
      `${source.name}: was written for version ${version} of ONNX's operators, and this version of Nabla knows up to ${NEWEST}; export it with opset_version=${NEWEST} or lower, or update Nabla`,
    );
  }
  // The first files name none.
  if (version === undefined) opsets.set("", 1);
  return opsets;
}

/** Names and their places. A graph within a graph sees the names around it; a function sees its own only. */
class Names {
  private readonly places = new Map<string, number>();

  constructor(
    readonly builder: Builder,
    private readonly around: Names | null,
  ) {}

  set(name: string, place: number): void {
    this.places.set(name, place);
  }

  find(name: string): number | undefined {
    const own = this.places.get(name);
    if (own !== undefined || this.around === null) return own;
    const from = this.around.find(name);
    if (from === undefined || this.around.builder === this.builder) return from;
    const place = this.builder.place();
    this.builder.plan.outer.push([from, place]);
    this.places.set(name, place);
    return place;
  }
}

/** A plan being made. */
class Builder {
  readonly plan: Plan & { inputs: number[]; outputs: number[] } = {
    size: 0,
    inputs: [],
    outputs: [],
    nodes: [],
    constants: new Map(),
    parameters: new Map(),
    outer: [],
  };

  place(): number {
    return this.plan.size++;
  }
}

/** A function call that is being put in. */
interface Inlined {
  readonly key: string;
  readonly attributes: ReadonlyMap<string, AttributeProto>;
  readonly depth: number;
}

/** Compiles a model's graph. @throws Error that lists all operators that are not supported, with the nodes that use them. */
export function compile(source: Source, isParameter: (name: string, value: ArrayValue) => boolean): Plan {
  const compiler = new Compiler(source, isParameter);
  return compiler.compile();
}

class Compiler {
  private readonly functions: ReadonlyMap<string, FunctionProto>;
  /** Nodes of operators that there are not, by operator. */
  private readonly missing = new Map<string, string[]>();

  constructor(
    private readonly source: Source,
    private readonly isParameter: (name: string, value: ArrayValue) => boolean,
  ) {
    this.functions = new Map(
      source.model.functions.map((each) => [functionKey(each.domain, each.name, each.overload), each]),
    );
  }

  compile(): Plan {
    const { model } = this.source;
    const plan = this.graph(model.graph!, opsetsOf(this.source, model.opsetImport), null, null);
    if (this.missing.size > 0) {
      const list = [...this.missing].map(([operator, nodes]) => {
        const shown = nodes.slice(0, 5).join(", ");
        return `${operator} (${shown}${nodes.length > 5 ? `, and ${nodes.length - 5} more` : ""})`;
      });
      throw new Error(`${this.source.name}: uses operators that are not supported: ${list.join("; ")}`);
    }
    return plan;
  }

  private graph(graph: GraphProto, opsets: Opsets, around: Names | null, inlined: Inlined | null): Plan {
    const builder = new Builder();
    const { plan } = builder;
    const names = new Names(builder, around);
    const { damaged } = this.source;
    if (graph.sparseInitializer.length > 0) {
      throw new Error(
        `${this.source.name}: has sparse initializers, which are not supported; export it with dense ones`,
      );
    }
    const filled = new Set<string>();
    for (const proto of graph.initializer) {
      const name = proto.name ?? "";
      if (filled.has(name)) throw damaged(`two initializers are called ${quote(name)}`);
      filled.add(name);
      const place = builder.place();
      names.set(name, place);
      const value = this.constant(proto);
      if (around === null && this.isParameter(name, value)) plan.parameters.set(place, { name, value });
      else plan.constants.set(place, value.last());
    }
    for (const { name = "" } of graph.input) {
      if (filled.has(name)) continue;
      const place = builder.place();
      names.set(name, place);
      plan.inputs.push(place);
    }
    this.nodes(graph.node, names, opsets, inlined, "");
    for (const { name = "" } of graph.output) {
      const place = names.find(name);
      if (place === undefined) throw damaged(`nothing gives its output ${quote(name)}`);
      plan.outputs.push(place);
    }
    return plan;
  }

  private constant(proto: TensorProto): ArrayValue {
    if (this.source.hollow?.has(proto.name ?? "")) {
      const type = elementType(proto.dataType) ?? "float32";
      const size = proto.dims.reduce((product, length) => product * length, 1);
      if (!(size >= 0 && size < 2 ** 31)) throw this.source.damaged(`${quote(proto.name ?? "")} has ${size} elements`);
      return fromData(type, proto.dims, elementArray(type, size));
    }
    return fromStored(storedArray(proto, this.source.damaged, this.source.external));
  }

  private nodes(
    nodes: readonly NodeProto[],
    names: Names,
    opsets: Opsets,
    inlined: Inlined | null,
    within: string,
  ): void {
    for (const node of nodes) {
      const domain = domainOf(node.domain);
      const opType = node.opType ?? "";
      const own = node.name || node.output.find((name) => name !== "") || "";
      const label = `node ${quote(within === "" ? own : `${within}/${own}`)} (${domain === "" ? "" : `${domain}.`}${opType})`;
      const inputs = node.input.map((name) => {
        if (name === "") return -1;
        const place = names.find(name);
        if (place !== undefined) return place;
        throw this.source.damaged(`${label}: nothing before it gives its input ${quote(name)}`);
      });
      const attributes = node.attribute.flatMap((attribute) => this.resolved(attribute, inlined));
      const version = opsets.get(domain);
      const entry = operatorOf(domain, opType, version ?? 1);
      const key = functionKey(node.domain, opType, node.overload);
      const local = this.functions.get(key);
      if (local !== undefined && (domain !== "" || entry === undefined)) {
        this.inline(local, key, node, inputs, attributes, names, inlined, within === "" ? own : `${within}/${own}`);
        continue;
      }
      if (entry === undefined) {
        const operator = `${domain === "" ? "" : `${domain}.`}${opType}${version === undefined ? "" : ` of version ${version}`}`;
        const list = this.missing.get(operator) ?? [];
        list.push(`node ${quote(own)}`);
        this.missing.set(operator, list);
        for (const name of node.output) names.set(name, names.builder.place());
        continue;
      }
      const read = new Attributes(attributes, (proto) =>
        readTensorProto(proto, this.source.damaged, this.source.external),
      );
      const sparse = read.unsupported();
      if (sparse !== undefined) {
        throw new Error(
          `${this.source.name}: ${label}: its attribute ${quote(sparse)} is sparse or a list of graphs, which is not supported`,
        );
      }
      const bodies = read.graphs().map(([name, graph]) => ({ name, plan: this.graph(graph, opsets, names, inlined) }));
      const outputs = node.output.map((name) => {
        if (name === "") return -1;
        const place = names.builder.place();
        names.set(name, place);
        return place;
      });
      const { plan } = names.builder;
      plan.nodes.push({ label, opType, entry, opset: version ?? 1, attributes: read, inputs, outputs, bodies });
    }
  }

  /** An attribute with the value that the function's caller gives; none where the caller gives none. */
  private resolved(attribute: AttributeProto, inlined: Inlined | null): AttributeProto[] {
    if (!attribute.refAttrName) return [attribute];
    const given = inlined?.attributes.get(attribute.refAttrName);
    return given === undefined ? [] : [{ ...given, name: attribute.name }];
  }

  /** A function of the model's own, in the place of the node that calls it. */
  private inline(
    local: FunctionProto,
    key: string,
    node: NodeProto,
    inputs: readonly number[],
    attributes: readonly AttributeProto[],
    names: Names,
    inlined: Inlined | null,
    within: string,
  ): void {
    const depth = (inlined?.depth ?? 0) + 1;
    if (depth > DEEPEST_CALL) throw this.source.damaged(`its function ${quote(key)} calls itself`);
    const inner = new Names(names.builder, null);
    local.input.forEach((name, i) => {
      const place = inputs[i] ?? -1;
      if (place >= 0) inner.set(name, place);
      else inner.set(name, this.nothing(names.builder));
    });
    const given = new Map<string, AttributeProto>();
    for (const attribute of [...local.attributeProto, ...attributes]) given.set(attribute.name ?? "", attribute);
    this.nodes(local.node, inner, opsetsOf(this.source, local.opsetImport), { key, attributes: given, depth }, within);
    node.output.forEach((name, i) => {
      const formal = local.output[i];
      const place = formal === undefined ? undefined : inner.find(formal);
      if (place === undefined)
        throw this.source.damaged(`nothing in the function ${quote(key)} gives its output ${quote(formal ?? i)}`);
      if (name !== "") names.set(name, place);
    });
  }

  /** A place where nothing ever is: an input that a function's caller leaves out. */
  private nothing(builder: Builder): number {
    return builder.place();
  }
}

function functionKey(domain: string | undefined, name: string | undefined, overload: string | undefined): string {
  return [domainOf(domain), name ?? "", overload ?? ""].join("\0");
}
