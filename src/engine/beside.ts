// A CPU engine beside one whose values come later: figures that functions of the user's own compute from a model's outputs want to look at them.
import { type ArrayView, type Engine, engine, type MatmulOptions, type MatrixView, setEngine } from "./engine.ts";
import type { Storage } from "./storage.ts";
import { WasmEngine } from "./wasm/engine.ts";

/** It refuses tensors of the engine beside it, whose addresses mean something else here. */
class CpuBeside extends WasmEngine {
  private checkOwner({ owner, label }: Storage): void {
    if (owner === this) return;
    throw new Error(
      `a tensor that ${label} made is on the device, and this function runs on the CPU; give it arrays (await tensor.data()) in place of such tensors`,
    );
  }

  protected override address(view: ArrayView, operation: string): number {
    this.checkOwner(view.storage);
    return super.address(view, operation);
  }

  override matmul(
    a: MatrixView,
    b: MatrixView,
    c: ArrayView,
    m: number,
    n: number,
    k: number,
    batch: number,
    options?: MatmulOptions,
  ): void {
    this.checkOwner(a.view.storage);
    this.checkOwner(b.view.storage);
    super.matmul(a, b, c, m, n, k, batch, options);
  }
}

let cpu: CpuBeside | undefined;

/** Runs a function whose tensors live on a CPU engine; those of the engine in use are none of its. */
export function onCpu<R>(body: () => R): R {
  const before: Engine = engine();
  if (!before.asynchronous) return body();
  cpu ??= new CpuBeside({ threads: 1 });
  setEngine(cpu);
  try {
    return body();
  } finally {
    setEngine(before);
  }
}
