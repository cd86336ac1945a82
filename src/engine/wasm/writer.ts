// WebAssembly modules put together at run time: one function of two numbers, which calls others. Just the part of the binary format that programs need
// (WebAssembly Core Specification 3, chapter 5).

/** Types of values as the format writes them. */
export const TYPE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;

/** A function's type: of its parameters, and of its result if there is one. */
export interface Signature {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export const OP = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  drop: 0x1a,
  localGet: 0x20,
  localSet: 0x21,
  i32Load: 0x28,
  i64Load: 0x29,
  f64Load: 0x2b,
  i32Store: 0x36,
  i64Store: 0x37,
  f32Store: 0x38,
  f64Store: 0x39,
  i32Store8: 0x3a,
  i32Const: 0x41,
  f32Const: 0x43,
  f64Const: 0x44,
  i32GreaterOrEqual: 0x4e,
  i32NotEqual: 0x47,
  f64NotEqual: 0x62,
  i32Add: 0x6a,
  f32FromF64: 0xb6,
  empty: 0x40,
} as const;

/** Bytes of a module or of a part of one. */
export class Bytes {
  readonly values: number[] = [];

  put(...values: readonly number[]): this {
    for (const value of values) this.values.push(value);
    return this;
  }

  /** LEB128. */
  unsigned(value: number): this {
    let left = value >>> 0;
    while (left > 127) {
      this.values.push((left & 127) | 128);
      left >>>= 7;
    }
    this.values.push(left);
    return this;
  }

  signed(value: number): this {
    let left = value | 0;
    for (;;) {
      const byte = left & 127;
      left >>= 7;
      if ((left === 0 && byte < 64) || (left === -1 && byte >= 64)) {
        this.values.push(byte);
        return this;
      }
      this.values.push(byte | 128);
    }
  }

  i32(value: number): this {
    return this.put(OP.i32Const).signed(value);
  }

  f32(value: number): this {
    return this.put(OP.f32Const, ...new Uint8Array(Float32Array.of(value).buffer));
  }

  f64(value: number): this {
    return this.put(OP.f64Const, ...new Uint8Array(Float64Array.of(value).buffer));
  }

  /** A load or store: instruction, alignment as a power of two, offset. */
  at(instruction: number, alignment: number, offset: number): this {
    return this.put(instruction).unsigned(alignment).unsigned(offset);
  }

  text(value: string): this {
    return this.unsigned(value.length).put(...Array.from(value, (letter) => letter.charCodeAt(0)));
  }

  /** Another part, behind its length. */
  sized(part: Bytes): this {
    return this.unsigned(part.values.length).append(part);
  }

  append(part: Bytes): this {
    for (const value of part.values) this.values.push(value);
    return this;
  }
}

/** A function that a module is given. */
export interface Import {
  readonly signature: Signature;
  readonly call: unknown;
}

/** What a call's index is before it is known which types there are. */
export interface ModuleParts {
  readonly imports: readonly Import[];
  /** The function's body: two parameters (i32) come before the locals, and it gives an i32. */
  readonly body: Bytes;
  /** Further locals, all i32. */
  readonly locals: number;
  readonly memory: { readonly shared: boolean; readonly value: WebAssembly.Memory };
}

const OWN: Signature = { parameters: [TYPE.i32, TYPE.i32], results: [TYPE.i32] };

/** Makes the function. */
export function instantiate({ imports, body, locals, memory }: ModuleParts): (a: number, b: number) => number {
  const types: string[] = [];
  const typeOf = ({ parameters, results }: Signature): number => {
    const key = `${parameters.join()}:${results.join()}`;
    const at = types.indexOf(key);
    return at >= 0 ? at : types.push(key) - 1;
  };
  const own = typeOf(OWN);
  const importSection = new Bytes().unsigned(imports.length + 1);
  importSection
    .text("e")
    .text("m")
    .put(2, memory.shared ? 3 : 0)
    .unsigned(0);
  if (memory.shared) importSection.unsigned(65536);
  imports.forEach(({ signature }, i) => {
    importSection.text("e").text(String(i)).put(0).unsigned(typeOf(signature));
  });
  const typeSection = new Bytes().unsigned(types.length);
  for (const key of types) {
    typeSection.put(0x60);
    for (const list of key.split(":")) {
      const values = list === "" ? [] : list.split(",").map(Number);
      typeSection.unsigned(values.length).put(...values);
    }
  }
  const code = new Bytes().unsigned(1).unsigned(locals).put(TYPE.i32).append(body).put(OP.end);
  const module = new Bytes().put(0, 97, 115, 109, 1, 0, 0, 0);
  const section = (id: number, part: Bytes): void => void module.put(id).sized(part);
  section(1, typeSection);
  section(2, importSection);
  section(3, new Bytes().unsigned(1).unsigned(own));
  section(7, new Bytes().unsigned(1).text("run").put(0).unsigned(imports.length));
  section(10, new Bytes().unsigned(1).sized(code));
  const given: Record<string, unknown> = { m: memory.value };
  imports.forEach(({ call }, i) => {
    given[String(i)] = call;
  });
  const compiled = new WebAssembly.Module(Uint8Array.from(module.values));
  const instance = new WebAssembly.Instance(compiled, { e: given as WebAssembly.ModuleImports });
  return instance.exports["run"] as (a: number, b: number) => number;
}

/** Signatures of a module's exported functions by name, read from the sections before its code. */
export function signaturesOf(bytes: Uint8Array): Map<string, Signature> {
  let at = 8;
  const leb = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  const list = (): number[] => Array.from({ length: leb() }, () => bytes[at++]);
  const text = (): string => {
    const length = leb();
    const start = at;
    at += length;
    return String.fromCharCode(...bytes.subarray(start, at));
  };
  const types: Signature[] = [];
  const functions: number[] = [];
  const signatures = new Map<string, Signature>();
  while (at < bytes.length) {
    const id = bytes[at++];
    const length = leb();
    const end = at + length;
    if (id === 1) {
      for (let count = leb(); count > 0; count--) {
        at += 1;
        const parameters = list();
        types.push({ parameters, results: list() });
      }
    } else if (id === 2) {
      for (let count = leb(); count > 0; count--) {
        text();
        text();
        const kind = bytes[at++];
        if (kind === 0) functions.push(leb());
        else {
          const flags = bytes[at++];
          leb();
          if (flags & 1) leb();
        }
      }
    } else if (id === 3) {
      for (let count = leb(); count > 0; count--) functions.push(leb());
    } else if (id === 7) {
      for (let count = leb(); count > 0; count--) {
        const name = text();
        const kind = bytes[at++];
        const index = leb();
        if (kind === 0) signatures.set(name, types[functions[index]]);
      }
      return signatures;
    }
    at = end;
  }
  return signatures;
}

/** The part of a module that `signaturesOf` reads. */
export function headOf(bytes: Uint8Array): Uint8Array {
  let at = 8;
  while (at < bytes.length && bytes[at] < 8) {
    let length = 0;
    let shift = 0;
    at += 1;
    for (;;) {
      const byte = bytes[at++];
      length |= (byte & 127) << shift;
      shift += 7;
      if (byte < 128) break;
    }
    at += length;
  }
  return bytes.slice(0, at);
}
