// From turns to figures, ratios and tables. A figure is the best turn's; a ratio is PyTorch's better figure against it, so that more is faster.

/** Results of the first steps may differ by this much, relative to PyTorch's: float32 sums in another order, over up to 100 steps. */
export const TOLERANCE = 1e-3;

const UNITS = {
  training: { unit: "microseconds a step", of: (_, seconds) => seconds * 1e6 },
  loading: { unit: "milliseconds", of: (_, seconds) => seconds * 1e3 },
  inference: { unit: "microseconds a batch", of: (_, seconds) => seconds * 1e6 },
  product: { unit: "GFLOP/s", of: (job, seconds) => (2 * job.size ** 3) / seconds / 1e9 },
  bandwidth: { unit: "GB/s", of: (job, seconds) => job.bytes / seconds / 1e9 },
  search: { unit: "network evaluations a second", of: (job, seconds) => job.evaluations / seconds },
  overhead: { unit: "nanoseconds an operation", of: (_, seconds) => seconds * 1e9 },
  startup: { unit: "milliseconds", of: (_, seconds) => seconds * 1e3 },
};

/** Largest relative difference of two lists of results, over the steps that both have done. */
function deviation(results, reference) {
  let largest = 0;
  for (let i = 0; i < Math.min(results.length, reference.length); i++) {
    const difference = Math.abs(results[i] - reference[i]) / Math.max(Math.abs(reference[i]), 1e-3);
    largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return largest;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A measured job as plain data. `copies`: seconds of a plain copy by number of threads, and its bytes, for bandwidth. */
export function summarise({ job, entries, busy }, copies) {
  const played = entries.filter((entry) => entry.turns.length > 0);
  const best = (entry) => Math.min(...entry.turns);
  const pytorch = played.filter(({ contestant }) => contestant.group === "pytorch");
  const peer = pytorch.length > 0 ? Math.min(...pytorch.map(best)) : undefined;
  const reference = (pytorch[0] ?? played[0])?.results;
  const { unit, of } = UNITS[job.kind];
  const figures = played.map((entry) => {
    const { name, who, group, engine, threads, form } = entry.contestant;
    const seconds = best(entry);
    const figure = { name, who, group, engine, threads, form, version: entry.version, value: of(job, seconds) };
    figure.spread = median(entry.turns) / seconds - 1;
    figure.turns = entry.turns.length;
    if (peer !== undefined) figure.ratio = peer / seconds;
    if (job.kind === "training" || job.kind === "inference") figure.samplesPerSecond = job.batch / seconds;
    if (job.kind === "bandwidth" && copies.has(threads)) {
      const copy = copies.get(threads);
      figure.shareOfCopy = job.bytes / seconds / (copy.bytes / copy.seconds);
    }
    if (entry.results !== undefined && reference !== undefined) {
      figure.compared = Math.min(entry.results.length, reference.length);
      figure.deviation = deviation(entry.results, reference);
      figure.agrees = figure.deviation <= TOLERANCE;
    }
    return figure;
  });
  const refused = entries
    .filter((entry) => entry.refusal)
    .map(({ contestant, refusal }) => ({ name: contestant.name, who: contestant.who, ...refusal }));
  return {
    id: job.id,
    kind: job.kind,
    title: job.title,
    column: job.column,
    unit,
    busy,
    figures,
    refused,
    verdicts: verdicts(job, figures),
  };
}

/** Times as fast as these peers that Nabla wants to be, with either engine. */
const OTHERS = { tfjs: 20, jax: 20 };
/** Seconds for an epoch of 50,000 images in J1, with the `wasm` engine. */
const EPOCH = { job: "J1", images: 50_000, seconds: 0.2 };
/** What the library's layers may take, of the time of the same operations in layers of the job's own, in the fastest form. */
const LAYERS = 1.03;
/** Milliseconds from import to the end of the first step, with the `wasm` engine. */
const STARTUP = 150;
/** Share of memcpy's bandwidth on one thread, with the `wasm` engine. */
const SHARE = 0.7;

/** What was wanted of a job, and what is reached: {engine, threads, measure, reached, target, met}. */
function verdicts(job, figures) {
  const own = figures.filter(({ group }) => group === "nabla");
  const most = Math.max(...own.map(({ threads }) => threads));
  const fewest = Math.min(...own.map(({ threads }) => threads));
  const found = [];
  const judge = (engine, threads, measure, figureOf, target, better = "more") => {
    const values = own
      .filter((figure) => figure.engine === engine && figure.threads === threads)
      .map(figureOf)
      .filter((value) => value !== undefined);
    if (values.length === 0) return;
    // Of the loop by hand and `fit`, the faster one.
    const reached = better === "more" ? Math.max(...values) : Math.min(...values);
    const met = better === "more" ? reached >= target : reached <= target;
    found.push({ engine, threads, measure, reached, target, better, met });
  };
  for (const [engine, target] of Object.entries(job.targets ?? {})) {
    if (job.kind !== "inference") judge(engine, most, "times as fast as PyTorch", ({ ratio }) => ratio, target);
    else {
      // The better figure of ONNX Runtime with up to as many threads: a second one does not always help it.
      const peers = figures.filter(({ group }) => group === (engine === "native" ? "onnx-node" : "onnx-web"));
      const best = Math.min(...peers.map(({ value }) => value));
      const name = engine === "native" ? "onnxruntime-node" : "onnxruntime-web";
      if (peers.length > 0) judge(engine, most, `times as fast as ${name}`, ({ value }) => best / value, target);
    }
  }
  if (job.kind === "training") {
    for (const [group, target] of Object.entries(OTHERS)) {
      const peer = figures.find((figure) => figure.group === group);
      if (peer) judge("wasm", most, `times as fast as ${peer.name}`, ({ value }) => peer.value / value, target);
    }
  }
  for (const { engine, threads, value } of own.filter(({ form }) => form === "layers")) {
    const byHand = own.filter(
      (figure) => figure.form !== "layers" && figure.engine === engine && figure.threads === threads,
    );
    const best = Math.min(...byHand.map((figure) => figure.value));
    const measure = "of the time without the library's layers";
    found.push({
      engine,
      threads,
      measure,
      reached: value / best,
      target: LAYERS,
      better: "less",
      met: value / best <= LAYERS,
    });
  }
  if (job.id === EPOCH.job) {
    const seconds = ({ samplesPerSecond }) => EPOCH.images / samplesPerSecond;
    judge("wasm", most, `seconds for ${EPOCH.images.toLocaleString("en")} images`, seconds, EPOCH.seconds, "less");
  }
  if (job.kind === "search") judge("native", most, "network evaluations a second", ({ value }) => value, job.target);
  if (job.kind === "startup") judge("wasm", most, "milliseconds", ({ value }) => value, STARTUP, "less");
  if (job.kind === "bandwidth") judge("wasm", fewest, "share of memcpy", ({ shareOfCopy }) => shareOfCopy, SHARE);
  return found;
}

/** Three digits that mean something; two below 0.1. */
function short(value) {
  if (value < 0.1) return value.toPrecision(2);
  if (value >= 1000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function percent(share) {
  return `${Math.round(100 * share)}%`;
}

/** A table in Markdown, padded so that it also reads well in a terminal. */
function table(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(" | ")} |`;
  const rule = line(widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)));
  return [line(head), rule, ...rows.map(line)].join("\n");
}

function agreement({ agrees, deviation: difference }) {
  if (agrees === undefined) return "not compared";
  return agrees ? difference.toExponential(0) : `DIFFERS: ${difference.toExponential(0)}`;
}

function trainingTable({ figures }) {
  const rows = figures.map((figure) => [
    figure.name,
    short(figure.value),
    short(figure.samplesPerSecond),
    figure.ratio === undefined ? "" : short(figure.ratio),
    percent(figure.spread),
    agreement(figure),
  ]);
  const losses = Math.max(0, ...figures.map(({ compared }) => compared ?? 0));
  return table(["", "µs a step", "samples/s", "× PyTorch", "median above best", `${losses} losses differ by`], rows);
}

function inferenceTable({ figures }) {
  const rows = figures.map((figure) => [
    figure.name,
    short(figure.value),
    figure.ratio === undefined ? "" : short(figure.ratio),
    percent(figure.spread),
    agreement(figure),
  ]);
  return table(["", "µs a batch", "× PyTorch", "median above best", "outputs differ by"], rows);
}

/** Jobs of one kind side by side: a row for each contestant, a column for each job. */
function sideBySide(summaries) {
  const names = [...new Set(summaries.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const rows = names.map((name) => [
    name,
    ...summaries.map(({ figures }) => {
      const figure = figures.find((each) => each.name === name);
      if (figure === undefined) return "";
      const share = figure.shareOfCopy === undefined ? "" : ` (${percent(figure.shareOfCopy)})`;
      return `${figure.agrees === false ? "DIFFERS " : ""}${short(figure.value)}${share}`;
    }),
  ]);
  return table(["", ...summaries.map(({ column }) => column)], rows);
}

const SECTIONS = {
  loading: "ONNX files: milliseconds from the file to the first answer",
  product: "Matrix products, GFLOP/s",
  bandwidth: "Arrays of 16 MiB: GB/s read and written, and their share of memcpy's with as many threads",
  search: "Tree search with a network in 216 games of Connect-Four at once: network evaluations a second",
  overhead: "x + y of one element each, nanoseconds an operation",
  startup: "Start-up: import to first step of J1 in a fresh process",
};

/** All tables, as Markdown. */
export function tables(summaries) {
  const parts = summaries
    .filter(({ kind }) => kind === "training")
    .map((summary) => `### ${summary.id}: ${summary.title}\n\n${trainingTable(summary)}`);
  parts.push(
    ...summaries
      .filter(({ kind }) => kind === "inference")
      .map((summary) => `### ${summary.id}: ${summary.title}\n\n${inferenceTable(summary)}`),
  );
  for (const [kind, heading] of Object.entries(SECTIONS)) {
    const own = summaries.filter((summary) => summary.kind === kind);
    if (own.length > 0) parts.push(`### ${heading}\n\n${sideBySide(own)}`);
  }
  const judged = summaries.flatMap(({ id, verdicts: all }) => all.map((verdict) => ({ id, ...verdict })));
  if (judged.length > 0) parts.push(`### Targets\n\n${targetTable(judged)}`);
  const refused = refusals(summaries);
  if (refused.length > 0) parts.push(`### Without figures\n\n${refused.join("\n")}`);
  return parts.join("\n\n");
}

function targetTable(judged) {
  return table(
    ["job", "engine", "measure", "reached", "target", ""],
    judged.map(({ id, engine, threads, measure, reached, target, better, met }) => [
      id,
      `${engine}, ${threads} thread${threads === 1 ? "" : "s"}`,
      measure,
      short(reached),
      `${better === "less" ? "at most " : ""}${target}`,
      met ? "yes" : "not yet",
    ]),
  );
}

/** Who has no figure where, and why; the same reason is said once. */
function refusals(summaries) {
  const byReason = new Map();
  for (const { id, refused } of summaries) {
    for (const { who, kind, reason } of refused) {
      const key = `${who}: ${kind === "failed" ? "failed: " : ""}${reason}`;
      // Who is missing is not asked again.
      const where = kind === "missing" ? "not on this machine" : id;
      byReason.set(key, (byReason.get(key) ?? new Set()).add(where));
    }
  }
  return [...byReason].map(([reason, places]) => `- ${reason} (${[...places].join(", ")})`);
}

/** Jobs in which a contestant did other work than the rest, or broke down. */
export function troubles(summaries) {
  return summaries.flatMap(({ id, figures, refused }) => [
    ...figures.filter(({ agrees }) => agrees === false).map(({ name }) => `${id}: ${name} computes something else`),
    ...refused.filter(({ kind }) => kind === "failed").map(({ name, reason }) => `${id}: ${name} failed: ${reason}`),
  ]);
}

/** Where the notes begin that people write into RESULTS.md; a new run keeps them. */
const NOTES = "## Notes";

/** RESULTS.md: the tables with what is needed to judge and repeat them. */
export function resultsPage({ machine, date, busy, settings, summaries }, before) {
  const versions = new Map();
  for (const { figures } of summaries) for (const { who, version } of figures) versions.set(who, version);
  const calm =
    busy < 0.05
      ? "calm"
      : busy < 0.2
        ? "not quite calm: ratios hold better than figures"
        : "busy: do not rely on these figures";
  const notes = before.includes(NOTES) ? before.slice(before.indexOf(NOTES)) : `${NOTES}\n`;
  return `# Results

Made by \`npm run bench -- --write\`; see [README.md](README.md) for what is measured and how. Do not edit above "Notes".

- Date: ${date}
- Processor: ${machine.processor}, ${machine.cores} cores${machine.avx512 ? ", AVX-512" : ""}; memory ${machine.memory}; ${machine.system}
- Node ${machine.node}; ${[...versions].map(([who, version]) => `${who}: ${version}`).join("; ")}
- When turns began, other programs used ${percent(busy)} of the processors: the machine was ${calm}
- ${settings.rounds} to ${settings.mostRounds} turns of ${settings.seconds} s each, taken in alternation until the best has settled; the best counts

${tables(summaries)}

${notes}`;
}
