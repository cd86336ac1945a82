// A node's attributes, asked for by name and type.
import { quote } from "../../../engine/quote.ts";
import type { OnnxTensor } from "../onnx-tensor.ts";
import {
  ATTRIBUTE_TYPE,
  type AttributeProto,
  type GraphProto,
  type TensorProto,
  type TypeProto,
} from "../proto/messages.ts";

/** Reads attributes; an attribute of another type than asked for is an error that names it. */
export class Attributes {
  private readonly byName: Map<string, AttributeProto>;
  /** Lists of integers as numbers: a node is asked for them at every run. */
  private readonly numbers = new Map<string, readonly number[]>();

  constructor(
    attributes: readonly AttributeProto[],
    private readonly readTensor: (proto: TensorProto) => OnnxTensor,
  ) {
    this.byName = new Map(attributes.map((attribute) => [attribute.name ?? "", attribute]));
  }

  /** The same with a string more. */
  with(name: string, value: string): Attributes {
    const more = new Attributes([], this.readTensor);
    for (const [key, attribute] of this.byName) more.byName.set(key, attribute);
    const empty = { floats: new Float32Array(), ints: new BigInt64Array(), strings: [], tensors: [], graphs: [] };
    const s = new TextEncoder().encode(value);
    const none = {
      refAttrName: undefined,
      docString: undefined,
      f: undefined,
      i: undefined,
      t: undefined,
      g: undefined,
    };
    const last = { sparseTensor: undefined, sparseTensors: [], tp: undefined, typeProtos: [] };
    more.byName.set(name, { name, type: ATTRIBUTE_TYPE.STRING, s, ...none, ...empty, ...last });
    return more;
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  private find(name: string, type: number, what: string): AttributeProto | undefined {
    const found = this.byName.get(name);
    if (found === undefined) return undefined;
    // The oldest files say no type.
    if (found.type !== undefined && found.type !== 0 && found.type !== type) {
      throw new TypeError(`attribute ${quote(name)} is no ${what}`);
    }
    return found;
  }

  /** An integer as a number; those beyond what a number holds exactly become the nearest. */
  int(name: string, otherwise: number): number {
    const found = this.find(name, ATTRIBUTE_TYPE.INT, "integer");
    return found === undefined ? otherwise : Number(found.i ?? 0n);
  }

  /** An integer exactly; undefined where there is none. */
  exact(name: string): bigint | undefined {
    const found = this.find(name, ATTRIBUTE_TYPE.INT, "integer");
    return found === undefined ? undefined : (found.i ?? 0n);
  }

  flag(name: string, otherwise: boolean): boolean {
    return this.int(name, otherwise ? 1 : 0) !== 0;
  }

  /** A number that some operators have as an integer, others not. */
  number(name: string, otherwise: number): number {
    const found = this.byName.get(name);
    return found === undefined ? otherwise : (found.f ?? Number(found.i ?? 0n));
  }

  float(name: string, otherwise: number): number {
    return this.find(name, ATTRIBUTE_TYPE.FLOAT, "number")?.f ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    const found = this.find(name, ATTRIBUTE_TYPE.STRING, "string");
    return found === undefined ? otherwise : decode(found.s ?? new Uint8Array());
  }

  ints(name: string): number[] | undefined {
    let numbers = this.numbers.get(name);
    if (numbers === undefined) {
      const found = this.find(name, ATTRIBUTE_TYPE.INTS, "list of integers");
      if (found === undefined) return undefined;
      numbers = Array.from(found.ints, Number);
      this.numbers.set(name, numbers);
    }
    return [...numbers];
  }

  floats(name: string): number[] | undefined {
    const found = this.find(name, ATTRIBUTE_TYPE.FLOATS, "list of numbers");
    return found === undefined ? undefined : Array.from(found.floats);
  }

  texts(name: string): string[] | undefined {
    return this.find(name, ATTRIBUTE_TYPE.STRINGS, "list of strings")?.strings.map(decode);
  }

  tensor(name: string): OnnxTensor | undefined {
    const found = this.find(name, ATTRIBUTE_TYPE.TENSOR, "tensor");
    return found?.t === undefined ? undefined : this.readTensor(found.t);
  }

  typeProto(name: string): TypeProto | undefined {
    return this.find(name, ATTRIBUTE_TYPE.TYPE_PROTO, "type")?.tp;
  }

  /** The graphs among the attributes, by name. */
  graphs(): [string, GraphProto][] {
    return [...this.byName].flatMap(([name, { g }]) => (g === undefined ? [] : [[name, g] as [string, GraphProto]]));
  }

  /** The name of the first attribute that is sparse or a list of graphs, which nothing supports. */
  unsupported(): string | undefined {
    return [...this.byName].find(
      ([, { sparseTensor, sparseTensors, graphs }]) =>
        sparseTensor !== undefined || sparseTensors.length > 0 || graphs.length > 0,
    )?.[0];
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8").decode(bytes);
}
