// KaTeX, loaded with the first formula: HTML for the eye, MathML for screen readers.

let loading: Promise<typeof import("katex").default> | undefined;

function load(): Promise<typeof import("katex").default> {
  loading ??= Promise.all([import("katex"), import("katex/dist/katex.min.css")]).then(([module]) => module.default);
  return loading;
}

/** Throws an Error for TeX that KaTeX can't read. */
export async function renderFormula(tex: string, display = false): Promise<string> {
  const katex = await load();
  return katex.renderToString(tex, { displayMode: display, throwOnError: true, output: "htmlAndMathml" });
}
