// The machine under the measurement: what it is, and how busy others keep it.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";

function cpuinfo() {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
}

export function hasAvx512() {
  return /\bavx512f\b/.test(cpuinfo());
}

export function describeMachine() {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    avx512: hasAvx512(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

function ticks() {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const sum = Object.values(times).reduce((total, time) => total + time, 0);
    busy += sum - times.idle;
    all += sum;
  }
  return { busy, all };
}

/** Share of the processors' time below which the machine counts as free. */
const FREE = 0.1;

/**
 * Rests for a while, and on while others keep the machine busy, at most `patience` milliseconds; returns the share of the processors, 0 to 1, that they
 * used at the end.
 */
export async function rest(milliseconds, patience) {
  const end = performance.now() + patience;
  for (;;) {
    const before = ticks();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    const after = ticks();
    const share = after.all > before.all ? (after.busy - before.busy) / (after.all - before.all) : 0;
    if (share < FREE || performance.now() >= end) return share;
  }
}
