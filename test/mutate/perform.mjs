// A process that runs experiments of a mirror: `fork(perform, [MIRROR])`, then an order, then its record, until there are no more orders.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const book = (file) => import(pathToFileURL(join(process.argv[2], "book", file)).href);

process.on("message", async ({ id, form, seed }) => {
  try {
    const [{ findEntry }, { runExperiment }] = await Promise.all([book("library.js"), book("run.js")]);
    const { verdict, claims, outcome, error, seconds } = await runExperiment(findEntry(id).experiment, { form, seed });
    // What a clock told says more of the machine than of the program.
    const judged = claims.filter(({ claim }) => !claim.clock);
    const measures = (which) => judged.filter(which).map(({ claim }) => claim.measure);
    process.send({
      id,
      form,
      seed,
      verdict,
      measured: outcome?.measured ?? {},
      missed: measures(({ holds }) => holds === false),
      unexplained: measures(({ holds, explained }) => holds === false && !explained),
      undecided: measures(({ holds }) => holds === null),
      seconds,
      error: error?.message,
    });
  } catch (error) {
    process.send({
      id,
      form,
      seed,
      verdict: "failed",
      measured: {},
      missed: [],
      unexplained: [],
      undecided: [],
      seconds: 0,
      error: String(error),
    });
  }
});
process.once("disconnect", () => process.exit());
