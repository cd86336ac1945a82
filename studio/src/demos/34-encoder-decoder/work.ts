// Trains an encoder-decoder epoch by epoch and keeps it as it was after each, so that any epoch can be asked.
import { Seq2Seq, type Trace } from "../../../../book/python/framework/encoder-decoder.ts";
import { type TaskName, taskOf } from "../../../../book/python/framework/sequence-tasks.ts";
import { Random } from "../../../../book/random.ts";
import { reports } from "../../compute/reports.ts";

/** Sources that the shares are of; none of them is learnt from. */
const WATCHED = 100;

export interface Settings {
  readonly task: TaskName;
  readonly attention: boolean;
  readonly seed: number;
}

export interface Frame {
  readonly epoch: number;
  /** Shares of new sources whose answers are without a mistake. */
  readonly free: number;
  readonly forced: number;
}

let kept: Seq2Seq[] = [];

export async function* learn({ task, attention, seed }: Settings): AsyncGenerator<Frame, void> {
  const { characters, units, epochs, training, test } = taskOf(task, new Random(seed));
  const watched = test.slice(0, WATCHED);
  const model = new Seq2Seq({ characters, units, attention, seed });
  const own = [model.copy()];
  kept = own;
  yield { epoch: 0, free: model.accuracy(watched), forced: model.forcedAccuracy(watched) };
  yield* reports<Frame>((report) =>
    model.train(training, watched, {
      ...{ epochs, learningRate: 0.01, seed },
      onEpoch: (epoch, free) => {
        own.push(model.copy());
        return report({ epoch, free, forced: model.forcedAccuracy(watched) });
      },
    }),
  );
}

export interface Answer extends Trace {
  /** All that can be written. */
  readonly characters: readonly string[];
}

/** What happens for a source, as the network was after an epoch; undefined before it is there. */
export function ask(source: string, most: number, shown: string | undefined, epoch: number): Answer | undefined {
  const model = kept[epoch];
  return model && { ...model.trace(source, most, shown), characters: model.characters };
}
