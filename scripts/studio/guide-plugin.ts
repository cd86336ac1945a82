// What the studio's reader is made of, made when the studio is built: `docs/en/nndl-1.md?guide` is a page of the guide with its experiments, and
// `virtual:book-contents` the books' table of contents. Both read the books' registry, which is the same as that of `nabla book`.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Plugin, runnerImport } from "vite";
import type { Both, Experiment } from "../../book/experiment.ts";
import { smallestLetters, titleIn } from "../../studio/src/reader/recorded.ts";
import { readGuide } from "./guide-markdown.ts";
import { type Phrases, phrasesOf, plain, readPhrases } from "./phrases.ts";

type Library = typeof import("../../book/library.ts");

/** What the reader shows of an experiment before it is run, in one language. */
export interface ExperimentNote {
  readonly title: string;
  readonly about: string;
  readonly section: string;
  readonly needs: readonly string[];
  readonly read: readonly string[];
  /** Of the full form, where it takes hours. */
  readonly hours?: number;
  /** How long its forms took where docs/results.json was made. */
  readonly seconds: { readonly quick?: number; readonly full?: number };
}

export interface ContentsChapter {
  readonly title: Both;
  /** Title of its page. */
  readonly heading: Both;
  readonly guide: string;
  readonly experiments: readonly string[];
}

export interface ContentsSource {
  readonly id: string;
  readonly title: Both;
  readonly work: Both;
  readonly chapters: readonly ContentsChapter[];
}

const CONTENTS = "virtual:book-contents";

/** `root`: the repository. */
export function guidePages(root: string): Plugin {
  let library: Promise<Library> | undefined;
  let phrases: Phrases | undefined;
  const load = (): Promise<Library> => {
    library ??= runnerImport<Library>(join(root, "book/library.ts"), {
      root,
      configFile: false,
      logLevel: "error",
      resolve: {
        alias: {
          "nabla/inspect": join(root, "src/inspect/index.ts"),
          "nabla/onnx": join(root, "src/io/onnx/index.node.ts"),
          "nabla/plot": join(root, "src/plot/index.ts"),
          "nabla/play": join(root, "src/play/index.node.ts"),
          nabla: join(root, "src/node.ts"),
        },
      },
    }).then(({ module }) => module);
    return library;
  };
  const headingOf = (guide: string, language: string): string =>
    /^# (.*)$/m.exec(readFileSync(join(root, "docs", language, `${guide}.md`), "utf8"))?.[1] ?? guide;

  return {
    name: "pages of the guide",
    // Before Vite takes the question mark's words for its own.
    enforce: "pre",
    resolveId: (id) => (id === CONTENTS ? `\0${CONTENTS}` : null),
    async load(id) {
      if (id === `\0${CONTENTS}`) {
        const { SOURCES } = await load();
        const sources = SOURCES.map(({ id, title, work, chapters }): ContentsSource => {
          const listed = chapters.map(({ title, guide, experiments }): ContentsChapter => {
            const heading = { en: headingOf(guide, "en"), zh: headingOf(guide, "zh") };
            return { title, heading, guide, experiments: experiments.map((experiment) => experiment.id) };
          });
          return { id, title, work, chapters: listed };
        });
        return `export const SOURCES = ${JSON.stringify(sources)};`;
      }
      const [path, query] = id.split("?");
      if (query !== "guide") return null;
      this.addWatchFile(path);
      const language = path.split("/").at(-2) as keyof Both;
      // Recorded figures are in English.
      if (language === "zh") phrases ??= readPhrases([join(root, "book"), join(root, "src/plot")]);
      const said = language === "zh" ? phrases : undefined;
      return pageModule(path, language, await load(), {
        times: secondsIn(join(root, "docs/results.json")),
        root,
        said,
      });
    },
  };
}

type Seconds = ReadonlyMap<string, { quick?: number; full?: number }>;

function secondsIn(results: string): Seconds {
  const { records } = JSON.parse(readFileSync(results, "utf8")) as {
    records: { id: string; form: "quick" | "full"; seconds: number }[];
  };
  const times = new Map<string, { quick?: number; full?: number }>();
  for (const { id, form, seconds } of records) times.set(id, { ...times.get(id), [form]: seconds });
  return times;
}

interface Beside {
  readonly times: Seconds;
  readonly root: string;
  /** What figures say, where it is not English. */
  readonly said: Phrases | undefined;
}

function pageModule(path: string, language: keyof Both, library: Library, { times, root, said }: Beside): string {
  const page = basename(path, ".md");
  const entries = library.allEntries();
  const pageOf = new Map(entries.map(({ chapter, experiment }) => [experiment.id, chapter.guide]));
  const { title, blocks } = readGuide(readFileSync(path, "utf8"), { page, pageOf });
  const noteOf = ({ id, ...experiment }: Experiment): ExperimentNote => ({
    title: experiment.title[language],
    about: experiment.about[language],
    section: experiment.section,
    needs: experiment.needs ?? [],
    read: experiment.read,
    ...(experiment.hours !== undefined && { hours: experiment.hours }),
    seconds: times.get(id) ?? {},
  });
  const own = entries.filter(({ chapter }) => chapter.guide === page).map(({ experiment }) => experiment);
  const notes = Object.fromEntries(own.map((experiment) => [experiment.id, noteOf(experiment)]));
  const files = [...new Set(blocks.flatMap((block) => (block.kind === "figure" ? [block.file] : [])))];
  const imports = files.map((file, i) => {
    const address = JSON.stringify(`${join(root, "docs/figures", file)}?no-inline`);
    return `import figure${i} from ${address};`;
  });
  /** What an experiment's own files say comes before what others do. */
  const saidBy = (file: string): Phrases | undefined => {
    const block = blocks.find((each) => each.kind === "figure" && each.file === file);
    const id = block?.kind === "figure" ? block.experiment : "";
    const read = entries.find(({ experiment }) => experiment.id === id)?.experiment.read ?? [];
    return said?.near(read.map((each) => join(root, each)));
  };
  const recorded = files.map((file, i) => {
    const svg = readFileSync(join(root, "docs/figures", file), "utf8");
    const [, width, height] = /^<svg [^>]*?width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
    if (width === undefined) throw new Error(`${file} does not say how large it is`);
    const own = saidBy(file);
    const inChinese = own === undefined ? undefined : phrasesOf(svg, own);
    const phrases = inChinese === undefined ? "" : `, phrases: ${JSON.stringify(inChinese)}`;
    const drawn = titleIn(svg);
    const title = drawn === undefined ? "" : `, title: ${JSON.stringify(inChinese?.[drawn] ?? plain(drawn))}`;
    const size = `width: ${width}, height: ${height}, letters: ${smallestLetters(svg)}`;
    return `${JSON.stringify(file)}: { address: figure${i}, ${size}${title}${phrases} }`;
  });
  return [
    ...imports,
    `export const title = ${JSON.stringify(title)};`,
    `export const blocks = ${JSON.stringify(blocks)};`,
    `export const experiments = ${JSON.stringify(notes)};`,
    `export const figures = {${recorded.join(", ")}};`,
  ].join("\n");
}
