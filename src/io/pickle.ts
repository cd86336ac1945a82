// Python's pickle, as far as files of weights need it. A pickle is a program for a stack machine that may call anything in Python; this machine calls nothing but
// the functions that it is given by name, and every other name is an error that tells it. Protocols 2 to 5.
// Source: pickletools.py of CPython 3.11.
import { quote } from "../engine/quote.ts";
import type { Damaged } from "./zip.ts";

/** What a pickle may name, and what comes of calling it. */
export interface PickleGlobal {
  readonly name: string;
  /** Makes a value of arguments; without, it is only a name, such as a dtype. */
  readonly call?: (args: readonly unknown[]) => unknown;
}

/** What a machine is given. */
export interface PickleWorld {
  /** The function of a name, or undefined for one that is not known. */
  find(module: string, name: string): PickleGlobal | undefined;
  /** What lies outside the pickle under such a name. */
  persistent(id: unknown): unknown;
  /** Error for a name that is not known. */
  unknown(name: string): Error;
}

/** A dictionary of Python; OrderedDict, too. */
export class PickleDict extends Map<unknown, unknown> {}

/** A tuple, to tell it from a list, which may grow. */
export class PickleTuple extends Array<unknown> {}

function tupleOf(items: readonly unknown[]): PickleTuple {
  const tuple = new PickleTuple();
  for (const item of items) tuple.push(item);
  return tuple;
}

/** Where on the stack a list begins. */
const MARK = Symbol("mark");
/** No file of weights nests deeper or names more. */
const MOST_STACK = 2_000_000;

/**
 * Runs one pickle.
 * @param at where it begins.
 * @returns its value, and where it ends.
 */
export function unpickle(
  bytes: Uint8Array,
  at: number,
  world: PickleWorld,
  damaged: Damaged,
): { value: unknown; end: number } {
  return new Machine(bytes, at, world, damaged).run();
}

class Machine {
  private readonly view: DataView;
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
    private readonly world: PickleWorld,
    private readonly damaged: Damaged,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): { value: unknown; end: number } {
    while (true) {
      const code = this.bytes[this.take(1)];
      if (code === 0x2e) return { value: this.pop(), end: this.at };
      this.step(code);
      if (this.stack.length > MOST_STACK) throw this.damaged("a pickle with too many values at once");
    }
  }

  /** Where the next `count` bytes are; they are taken. */
  private take(count: number): number {
    const from = this.at;
    if (!(count <= this.bytes.length - from)) throw this.damaged("a pickle that ends too early");
    this.at += count;
    return from;
  }

  private pop(): unknown {
    if (this.stack.length === 0) throw this.damaged("a pickle that takes what is not there");
    const value = this.stack.pop();
    if (value === MARK) throw this.damaged("a pickle that takes a mark for a value");
    return value;
  }

  private top(): unknown {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  private popToMark(): unknown[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw this.damaged("a pickle without the mark that it goes back to");
    const values = this.stack.splice(mark);
    values.shift();
    return values;
  }

  private length(width: 1 | 4 | 8): number {
    const at = this.take(width);
    if (width === 1) return this.view.getUint8(at);
    return width === 4 ? this.view.getUint32(at, true) : Number(this.view.getBigUint64(at, true));
  }

  private text(width: 1 | 4 | 8): string {
    const length = this.length(width);
    const from = this.take(length);
    return new TextDecoder().decode(this.bytes.subarray(from, from + length));
  }

  private raw(width: 1 | 4 | 8): Uint8Array {
    const length = this.length(width);
    const from = this.take(length);
    return new Uint8Array(this.bytes.subarray(from, from + length));
  }

  private line(): string {
    const stop = this.bytes.indexOf(10, this.at);
    if (stop < 0 || stop - this.at > 1000) throw this.damaged("a pickle with a name that does not end");
    const from = this.take(stop + 1 - this.at);
    return new TextDecoder().decode(this.bytes.subarray(from, stop));
  }

  /** A whole number of any length; those that a number does not hold exactly stay as they are. */
  private whole(length: number): number | bigint {
    if (length > 4096) throw this.damaged(`a whole number of ${length} bytes`);
    const from = this.take(length);
    let value = 0n;
    for (let k = length - 1; k >= 0; k--) value = value * 256n + BigInt(this.bytes[from + k]);
    value = length > 0 ? BigInt.asIntN(8 * length, value) : 0n;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  private find(module: unknown, name: unknown): PickleGlobal {
    if (typeof module !== "string" || typeof name !== "string")
      throw this.damaged("a pickle that names something by what is no text");
    const found = this.world.find(module, name);
    if (found === undefined) throw this.world.unknown(`${module}.${name}`);
    return found;
  }

  private call(what: unknown, args: unknown): unknown {
    if (!Array.isArray(args)) throw this.damaged("a pickle that calls something with what are no arguments");
    if (!isGlobal(what) || what.call === undefined) {
      throw this.damaged(`a pickle that calls ${isGlobal(what) ? what.name : quote(what)}, which is no function`);
    }
    return what.call(args);
  }

  private append(list: unknown, values: readonly unknown[]): void {
    if (!Array.isArray(list) || list instanceof PickleTuple)
      throw this.damaged("a pickle that adds to what is no list");
    for (const value of values) list.push(value);
  }

  private setItems(dict: unknown, values: readonly unknown[]): void {
    if (!(dict instanceof PickleDict) || values.length % 2 !== 0)
      throw this.damaged("a pickle that sets an item of what is no dictionary");
    for (let k = 0; k < values.length; k += 2) dict.set(values[k], values[k + 1]);
  }

  private get(index: number): unknown {
    if (!this.memo.has(index)) throw this.damaged("a pickle that refers to what it has not made");
    return this.memo.get(index);
  }

  private step(code: number): void {
    const { stack } = this;
    switch (code) {
      case 0x80: {
        const protocol = this.length(1);
        if (protocol > 5) throw this.damaged(`pickle protocol ${protocol}, and 2 to 5 are read`);
        return;
      }
      case 0x95: // FRAME
        this.take(8);
        return;
      case 0x28: // MARK
        stack.push(MARK);
        return;
      case 0x4e:
        stack.push(null);
        return;
      case 0x88:
      case 0x89:
        stack.push(code === 0x88);
        return;
      case 0x4b: // BININT1
        stack.push(this.length(1));
        return;
      case 0x4d: // BININT2
        stack.push(this.view.getUint16(this.take(2), true));
        return;
      case 0x4a: // BININT
        stack.push(this.view.getInt32(this.take(4), true));
        return;
      case 0x8a: // LONG1
        stack.push(this.whole(this.length(1)));
        return;
      case 0x8b: // LONG4
        stack.push(this.whole(this.length(4)));
        return;
      case 0x47: // BINFLOAT
        stack.push(this.view.getFloat64(this.take(8)));
        return;
      case 0x58: // BINUNICODE
      case 0x54: // BINSTRING, of Python 2
        stack.push(this.text(4));
        return;
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING
        stack.push(this.text(1));
        return;
      case 0x8d: // BINUNICODE8
        stack.push(this.text(8));
        return;
      case 0x43: // SHORT_BINBYTES
        stack.push(this.raw(1));
        return;
      case 0x42: // BINBYTES
        stack.push(this.raw(4));
        return;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(this.raw(8));
        return;
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        return;
      case 0x29: // EMPTY_TUPLE
        stack.push(tupleOf([]));
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new PickleDict());
        return;
      case 0x8f: // EMPTY_SET
        stack.push(new Set());
        return;
      case 0x6c: // LIST
        stack.push(this.popToMark());
        return;
      case 0x74: // TUPLE
        stack.push(tupleOf(this.popToMark()));
        return;
      case 0x85:
      case 0x86:
      case 0x87: {
        const items = Array.from({ length: code - 0x84 }, () => this.pop()).reverse();
        stack.push(tupleOf(items));
        return;
      }
      case 0x64: {
        // DICT
        const dict = new PickleDict();
        this.setItems(dict, this.popToMark());
        stack.push(dict);
        return;
      }
      case 0x91: // FROZENSET
        stack.push(new Set(this.popToMark()));
        return;
      case 0x61: {
        const value = this.pop();
        this.append(this.top(), [value]);
        return;
      }
      case 0x65: {
        const values = this.popToMark();
        this.append(this.top(), values);
        return;
      }
      case 0x73: {
        const [value, key] = [this.pop(), this.pop()];
        this.setItems(this.top(), [key, value]);
        return;
      }
      case 0x75: {
        const values = this.popToMark();
        this.setItems(this.top(), values);
        return;
      }
      case 0x90: {
        // ADDITEMS
        const values = this.popToMark();
        const set = this.top();
        if (!(set instanceof Set)) throw this.damaged("a pickle that adds to what is no set");
        for (const value of values) set.add(value);
        return;
      }
      case 0x30: // POP
        if (stack.length === 0) throw this.damaged("a pickle that takes what is not there");
        stack.pop();
        return;
      case 0x31: // POP_MARK
        this.popToMark();
        return;
      case 0x32: // DUP
        stack.push(this.top());
        return;
      case 0x71: // BINPUT
        this.memo.set(this.length(1), this.top());
        return;
      case 0x72: // LONG_BINPUT
        this.memo.set(this.length(4), this.top());
        return;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top());
        return;
      case 0x68: // BINGET
        stack.push(this.get(this.length(1)));
        return;
      case 0x6a: // LONG_BINGET
        stack.push(this.get(this.length(4)));
        return;
      case 0x63: // GLOBAL
        stack.push(this.find(this.line(), this.line()));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const [name, module] = [this.pop(), this.pop()];
        stack.push(this.find(module, name));
        return;
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [args, what] = [this.pop(), this.pop()];
        stack.push(this.call(what, args));
        return;
      }
      case 0x62: // BUILD: attributes of what is below, such as the versions of modules beside a state_dict. Nothing here has any.
        this.pop();
        if (!(this.top() instanceof PickleDict)) throw this.damaged("a pickle that gives attributes to what has none");
        return;
      case 0x51: // BINPERSID
        stack.push(this.world.persistent(this.pop()));
        return;
      default:
        throw this.damaged(
          `a pickle with instruction 0x${code.toString(16).padStart(2, "0")}, which is none of protocols 2 to 5 that files of weights need`,
        );
    }
  }
}

function isGlobal(value: unknown): value is PickleGlobal {
  return value instanceof Global;
}

class Global implements PickleGlobal {
  constructor(
    readonly name: string,
    readonly call?: (args: readonly unknown[]) => unknown,
  ) {}
}

/** Something that a pickle may name; what it calls must have been made here. */
export function pickleGlobal(name: string, call?: (args: readonly unknown[]) => unknown): PickleGlobal {
  return new Global(name, call);
}
