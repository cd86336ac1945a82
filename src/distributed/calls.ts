// The functions of MPI that are used, as JavaScript calls: addresses and handles are numbers, a result that is no success is an error in the
// library's own words.
import type { Abi } from "./abi.ts";
import { abiOf } from "./abi.ts";
import type { LoadedMpi } from "./library.ts";

/** MPI_THREAD_FUNNELED: only the thread that began MPI calls it. */
const FUNNELED = 1;
const LONGEST_ERROR = 1024;

export type Call = (...values: number[]) => number;

/** Milliseconds in which a launcher has passed on what a rank has said, on a busy machine, too. */
const PASSED_ON = 500;

/** Small memory that stays where it is, for what calls read and write. */
export class Scratch {
  readonly numbers: Float64Array;
  readonly ints: Int32Array;
  readonly bytes: Uint8Array;
  readonly address: number;

  constructor(mpi: LoadedMpi, bytes: number) {
    const memory = new SharedArrayBuffer(Math.max(8, Math.ceil(bytes / 8) * 8));
    this.numbers = new Float64Array(memory);
    this.ints = new Int32Array(memory);
    this.bytes = new Uint8Array(memory);
    this.address = Number(mpi.koffi.address(this.bytes));
  }
}

export class Calls {
  readonly abi: Abi;
  private readonly errorText: Scratch;
  private readonly describe: Call;
  private readonly made = new Map<string, Call>();

  constructor(readonly mpi: LoadedMpi) {
    this.abi = abiOf(mpi.kind, mpi.koffi, mpi.functions);
    this.errorText = new Scratch(mpi, LONGEST_ERROR + 8);
    this.describe = this.raw("MPI_Error_string", "int", "at", "at");
  }

  /** Argument types by what they are: "int", "handle", or "at", an address. */
  private raw(name: string, ...types: ("int" | "handle" | "at")[]): Call {
    const kinds = { int: "int", handle: this.abi.handle, at: "intptr_t" };
    return this.mpi.functions.func(
      name,
      "int",
      types.map((type) => kinds[type]),
    );
  }

  /** A function that throws where it does not succeed. */
  get(name: string, ...types: ("int" | "handle" | "at")[]): Call {
    const known = this.made.get(name);
    if (known !== undefined) return known;
    const call = this.raw(name, ...types);
    const checked: Call = (...values) => {
      const code = call(...values);
      if (code !== 0) throw new Error(`${name}: ${this.message(code)}`);
      return code;
    };
    this.made.set(name, checked);
    return checked;
  }

  private message(code: number): string {
    const { address, bytes, ints } = this.errorText;
    if (this.describe(code, address + 8, address) !== 0) return `error ${code}`;
    return new TextDecoder().decode(bytes.slice(8, 8 + ints[0]));
  }

  /** Begins MPI, unless the process has done so already; with errors that come back instead of ending it. */
  begin(): void {
    const scratch = new Scratch(this.mpi, 16);
    this.get("MPI_Initialized", "at")(scratch.address);
    if (scratch.ints[0] === 0) this.get("MPI_Init_thread", "at", "at", "int", "at")(0, 0, FUNNELED, scratch.address);
    this.get("MPI_Comm_set_errhandler", "handle", "handle")(this.abi.world, this.abi.errorsReturn);
  }

  /** Size and rank in the world. */
  place(): { rank: number; size: number } {
    const scratch = new Scratch(this.mpi, 8);
    this.get("MPI_Comm_rank", "handle", "at")(this.abi.world, scratch.address);
    const rank = scratch.ints[0];
    this.get("MPI_Comm_size", "handle", "at")(this.abi.world, scratch.address);
    return { rank, size: scratch.ints[0] };
  }

  /** Another communicator of the same ranks: what goes through it meets nothing else. */
  duplicate(): number {
    const scratch = new Scratch(this.mpi, 8);
    this.get("MPI_Comm_dup", "handle", "at")(this.abi.world, scratch.address);
    return this.handleAt(scratch, 0);
  }

  handleAt(scratch: Scratch, byte: number): number {
    const view = new DataView(scratch.bytes.buffer);
    return this.abi.handleBytes === 4 ? view.getInt32(byte, true) : Number(view.getBigUint64(byte, true));
  }

  /** The name of this machine, as MPI knows it. */
  host(): string {
    const scratch = new Scratch(this.mpi, 520);
    this.get("MPI_Get_processor_name", "at", "at")(scratch.address + 8, scratch.address);
    return new TextDecoder().decode(scratch.bytes.slice(8, 8 + scratch.ints[0]));
  }

  /** Whether MPI has come to its end. */
  get ended(): boolean {
    const scratch = new Scratch(this.mpi, 8);
    this.get("MPI_Finalized", "at")(scratch.address);
    return scratch.ints[0] !== 0;
  }

  end(): void {
    this.get("MPI_Finalize")();
  }

  /** Ends all ranks; does not return. */
  abort(code: number): void {
    // MPICH's launcher drops what it has not passed on of a rank's words when that rank aborts.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PASSED_ON);
    this.get("MPI_Abort", "handle", "int")(this.abi.world, code);
  }
}
