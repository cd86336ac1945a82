// How two families of MPI libraries name the same things. Open MPI 4 and 5: a handle is the address of a data symbol. MPICH 4, Intel MPI, MVAPICH
// and Cray's share one binary interface, in which a handle is a number. Both from their public headers (mpi.h).
import type { ForeignLibrary, Koffi } from "../engine/native/koffi.ts";
import type { MpiKind } from "./launcher.ts";

/** What a call needs to know of its library. */
export interface Abi {
  readonly kind: MpiKind;
  /** C's type of a handle, and its bytes in memory. */
  readonly handle: "intptr_t" | "int";
  readonly handleBytes: 8 | 4;
  readonly world: number;
  readonly float: number;
  readonly double: number;
  readonly byte: number;
  readonly sum: number;
  readonly errorsReturn: number;
  /** Stands for a buffer: the result's place is that of what is sent. */
  readonly inPlace: number;
  readonly ignoreStatus: number;
}

/** Whether a library is Open MPI's, by a symbol that only it has. */
export function kindOf(library: ForeignLibrary): MpiKind {
  try {
    return library.symbol("ompi_mpi_comm_world") ? "openmpi" : "mpich";
  } catch {
    return "mpich";
  }
}

export function abiOf(kind: MpiKind, koffi: Koffi, library: ForeignLibrary): Abi {
  if (kind === "mpich") {
    return {
      ...{ kind, handle: "int", handleBytes: 4 },
      ...{ world: 0x44000000, float: 0x4c00040a, double: 0x4c00080b, byte: 0x4c00010d },
      ...{ sum: 0x58000003, errorsReturn: 0x54000001, inPlace: -1, ignoreStatus: 1 },
    };
  }
  const at = (name: string): number => Number(koffi.address(library.symbol(name)));
  return {
    ...{ kind, handle: "intptr_t", handleBytes: 8 },
    ...{ world: at("ompi_mpi_comm_world"), float: at("ompi_mpi_float"), double: at("ompi_mpi_double") },
    ...{ byte: at("ompi_mpi_byte"), sum: at("ompi_mpi_op_sum"), errorsReturn: at("ompi_mpi_errors_return") },
    ...{ inPlace: 1, ignoreStatus: 0 },
  };
}
