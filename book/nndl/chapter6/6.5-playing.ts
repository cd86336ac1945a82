// Section 6.5: networks that learn to play. The book names the networks that learnt Atari's games from their pixels, and those that play Go; here are small games of
// both kinds, small enough that the best possible play is known.
import {
  allLines,
  averageReturn,
  type BoardGame,
  Catch,
  connectFour,
  Dodge,
  deepQLearning,
  type Environment,
  Gather,
  type GridPosition,
  learnFromPlayer,
  minimaxPlayer,
  networkPlayer,
  Oracle,
  oraclePlayer,
  type Player,
  PolicyValueNetwork,
  playMatch,
  QAgent,
  type SelfPlayRound,
  Squash,
  searchPlayer,
  selfPlay,
  ticTacToe,
} from "nabla/play";
import type { LineChart, SmallImage } from "nabla/plot";
import type { Both, Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import {
  anyCell,
  bestCells,
  count,
  EMPTY,
  minimax,
  perfect,
  play,
  QLearner,
  shares,
  winner,
} from "../programs/tic-tac-toe.ts";

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

const counted: Experiment = {
  id: "nndl/6.5-tic-tac-toe",
  title: { en: "Tic-tac-toe, counted, solved and learnt by hand", zh: "井字棋：手工计数、求解与学习" },
  section: "6.5",
  kind: "construction",
  settings: { games: 60_000, rate: 1, attempts: 0.8 },
  read: ["book/nndl/programs/tic-tac-toe.ts"],
  async run({ seed }) {
    const found = count();
    const known = new Map<string, number>();
    const random = shares([anyCell, anyCell]);
    const asFirst = shares([perfect(1, known), anyCell]);
    const asSecond = shares([anyCell, perfect(2, known)]);
    const learner = new QLearner({ rate: 1, attempts: 0.8, random: new Random(seed) });
    const lines: number[] = [learner.lost(1) + learner.lost(2)];
    for (let k = 0; k < 12; k++) {
      for (let game = 0; game < 5000; game++) learner.playGame();
      lines.push(learner.lost(1) + learner.lost(2));
    }
    const openings = EMPTY.map((_, cell) => {
      const open = [anyCell, anyCell] as const;
      return shares(open, play(EMPTY, cell)).first;
    });
    let off = 0;
    for (const key of learner.table.keys()) {
      const board = [...key].map(Number);
      if (winner(board) !== null) continue;
      if (!bestCells(board, known).includes(learner.best(board))) off += 1;
    }
    return {
      measured: {
        positions: [found.positions, found.classes],
        games: [found.games, found.first, found.second, found.drawn],
        value: minimax(EMPTY, known) + 0,
        random: [random.first, random.second, random.drawn],
        perfect: [asFirst.first, asSecond.second],
        perfectLoses: asFirst.second + asSecond.first,
        untrained: lines[0],
        lost: lines[lines.length - 1],
        wrong: off,
      },
      figures: [
        {
          name: "openings",
          chart: {
            kind: "heat-map",
            title: {
              en: "Who begins wins so often after this first move, if all else is random",
              zh: "先手首步落在此格、其余随机时的获胜概率",
            },
            rows: ["1", "2", "3"],
            columns: ["a", "b", "c"],
            values: [0, 3, 6].map((row) => openings.slice(row, row + 3)),
            numbers: true,
          },
          width: 420,
          height: 400,
        },
        {
          name: "lines",
          chart: {
            kind: "line",
            title: { en: "Lines of the opponent that the table of Q loses", zh: "Q 表在对手的所有走法中输掉的局数" },
            xAxis: { label: { en: "games against itself", zh: "自我对弈的局数" } },
            yAxis: { min: 0 },
            series: [{ name: { en: "lost, both sides", zh: "两方合计" }, x: lines.map((_, k) => 5000 * k), y: lines }],
          },
        },
      ],
    };
  },
  about: {
    en: "Before networks play, the game itself: its positions and games are counted one by one, minimax says what each position is worth, and Q-learning with a table, against itself, finds the same. What there is to move is certain, so the whole error may be mended at once: the rate is 1. A player is perfect who loses none of the lines that an opponent can choose.",
    zh: "在让网络下棋之前，先看棋本身：逐一数出所有局面与对局，极小化极大算法给出每个局面的价值，用表格做 Q 学习、自己和自己下，也得到同样的结果。落子的后果是确定的，误差可以一次改完，所以学习率取 1。对手无论怎样走都不输一局，才算下得完美。",
  },
  claims: [
    {
      measure: "positions",
      says: {
        en: "positions, and those that differ after turning and mirroring",
        zh: "局面数，以及旋转、镜像后仍不同的局面数",
      },
      expected: [5478, 765],
      accept: { equals: [5478, 765] },
    },
    {
      measure: "games",
      says: { en: "games; won by X, won by O, drawn", zh: "对局数；X 胜、O 胜、和" },
      expected: [255168, 131184, 77904, 46080],
      accept: { equals: [255168, 131184, 77904, 46080] },
    },
    { measure: "value", says: { en: "its value: a draw", zh: "价值：和棋" }, expected: 0, accept: { equals: 0 } },
    {
      measure: "random",
      says: { en: "random play: X, O, drawn", zh: "随机对局：X 胜、O 胜、和" },
      expected: [0.5849, 0.2881, 0.127],
      accept: { within: 5e-5 },
      because: { en: "the expected numbers are rounded to four digits", zh: "预期值舍入到四位" },
    },
    {
      measure: "perfect",
      says: {
        en: "best minimax play against random: X wins, O wins",
        zh: "最佳极小化极大对随机：执 X 胜率、执 O 胜率",
      },
      expected: [0.9948, 0.9164],
      accept: { within: 5e-5 },
      because: { en: "the expected numbers are rounded to four digits", zh: "预期值舍入到四位" },
    },
    {
      measure: "perfectLoses",
      says: { en: "and never loses", zh: "且从不输" },
      expected: 0,
      accept: { equals: 0 },
    },
    {
      measure: "untrained",
      says: { en: "lines lost before any learning", zh: "学习之前输掉的走法" },
      accept: { between: [50, 500] },
      because: {
        en: "the same for every seed: without any knowledge it takes the first free cell",
        zh: "与种子无关：什么都不知道时总取第一个空格",
      },
    },
    {
      measure: "lost",
      says: { en: "lines lost by the trained table, on both sides", zh: "训练后的表两方合计输掉的走法" },
      expected: 0,
      accept: { equals: 0 },
    },
  ],
};

interface Played {
  readonly name: Both;
  readonly make: (seed: number) => Environment;
  readonly best: number;
  readonly random: number;
}

/** `random` and the best of gather, which is what `expert` brings on average, over 3,000 episodes: known to 0.04. */
const GAMES: Readonly<Record<"catch" | "squash" | "dodge" | "gather", Played>> = {
  catch: { name: { en: "catch", zh: "接球" }, make: (seed) => new Catch({ seed }), best: 5, random: -3.74 },
  squash: { name: { en: "squash", zh: "壁球" }, make: (seed) => new Squash({ seed }), best: 10, random: -0.6 },
  dodge: { name: { en: "dodge", zh: "躲石头" }, make: (seed) => new Dodge({ seed }), best: 10, random: 0.74 },
  gather: { name: { en: "gather", zh: "迷宫取物" }, make: (seed) => new Gather({ seed }), best: 10.34, random: 0.47 },
};

/** Sides of a pixel in the figure. */
const LARGE = 6;
const COLOURS = [
  [40, 90, 200],
  [235, 130, 20],
  [120, 120, 120],
];

/** Every third screen of an episode: white what is empty, blue the player, orange what is to be reached, grey what is in the way. */
function strip(environment: Environment, agent: QAgent, most: number): SmallImage[] {
  const picture = new Float32Array(384);
  const legal = new Uint8Array(environment.actions.length).fill(1);
  const side = 8 * LARGE;
  environment.reset();
  const images: SmallImage[] = [];
  for (let step = 0; images.length < most; step++) {
    environment.observe(picture);
    if (step % 3 === 0) {
      const pixels = Array.from({ length: side * side }, (_, place) => {
        const [row, column] = [Math.floor(place / side / LARGE), Math.floor((place % side) / LARGE)];
        const color = [0, 1, 2].find((plane) => picture[(plane * 8 + row) * 8 + column] > 0);
        return color === undefined ? [255, 255, 255] : COLOURS[color];
      });
      images.push({ width: side, height: side, pixels: pixels.flat(), colours: "rgb" });
    }
    const { terminated, truncated } = environment.step(agent.act(picture, legal)[0]);
    if (terminated || truncated) break;
  }
  return images;
}

const pixels: Experiment = {
  id: "nndl/6.5-pixel-games",
  title: { en: "One agent learns several games from their pixels", zh: "同一个智能体从像素学会几个游戏" },
  section: "6.5",
  kind: "experiment",
  settings: {
    network: "16 filters 3 x 3, 128 neurons",
    environments: 16,
    rate: 0.001,
    discount: 0.97,
    "attempts fall over": "the first 0.3",
    "steps a game, quick": 16_000,
    "steps a game, full": 60_000,
  },
  read: ["book/nndl/chapter6/6.5-playing.ts", "src/play/q-agent.ts"],
  async run({ seed, pick, log }) {
    const plan = pick({
      quick: { steps: 16_000, names: ["catch", "squash", "dodge"] as const },
      full: { steps: 60_000, names: ["catch", "squash", "dodge", "gather"] as const },
    });
    const reached: number[] = [];
    const begun: number[] = [];
    const strips: SmallImage[] = [];
    const series: LineChart["series"][number][] = [];
    for (const name of plan.names) {
      const { make, best, random, name: shown } = GAMES[name];
      // Nothing here depends on the game but the number of actions.
      const agent = new QAgent(make(0), { seed });
      const share = (score: number) => (score - random) / (best - random);
      begun.push(share(averageReturn(agent, make, { episodes: 100, seed: 1 }).mean));
      const { steps, returns } = await deepQLearning(agent, make, {
        ...{ steps: plan.steps, seed, exploring: 0.3 },
        every: plan.steps / 25,
      });
      const { mean: score } = averageReturn(agent, make, { episodes: 100, seed: 1 });
      reached.push(share(score));
      log(`${name}: ${score.toFixed(2)} of ${best}`);
      series.push({ name: shown, x: steps, y: returns.map(share) });
      strips.push(...strip(make(7), agent, 8));
    }
    return {
      measured: { reached, worst: Math.min(...reached), begun: Math.max(...begun) },
      figures: [
        {
          name: "learning",
          chart: {
            kind: "line",
            title: {
              en: "From random play (0) to the best possible (1), while learning",
              zh: "学习过程：0 为随机，1 为最佳",
            },
            xAxis: { label: { en: "steps", zh: "步数" } },
            yAxis: { min: -0.2, max: 1.05 },
            series,
            marks: [{ axis: "y", at: 1, label: { en: "the best possible", zh: "最佳" } }],
          },
        },
        {
          name: "screens",
          chart: {
            kind: "images",
            title: { en: "Screens of the trained agent, every third step", zh: "训练后的画面，每三步一幅" },
            images: strips,
            columns: 8,
          },
          height: 120 * plan.names.length,
        },
      ],
    };
  },
  about: {
    en: "The book names networks that learnt dozens of Atari's games from their pixels with nothing changed from game to game. Here one agent, one network and one set of settings learn three small games, in full four: balls to be caught, a ball against a wall, falling rocks, a maze in which things are to be fetched. It is told the pixels and the score, not the rules. How well a game could be played at best is known, so that results are shares of the way from random play to that.",
    zh: "书中提到，有网络仅凭像素学会了几十个雅达利游戏，游戏之间什么也没改。这里用同一个智能体、同一个网络、同一组设定学会三个小游戏（完整形式为四个）：接球、壁球、躲落石、在迷宫里取物。它只看到像素和得分，不知道规则。每个游戏最好能玩到什么程度是已知的，所以结果写成从随机到最佳的比例。",
  },
  claims: [
    {
      measure: "worst",
      says: {
        en: "one unchanged agent learns every one: share of the way from random to best, the worst game",
        zh: "同一个智能体每个都学会：最差的游戏走完的比例",
      },
      accept: { quick: { between: [0.3, 1.02] }, full: { between: [0.6, 1.05] } },
      because: {
        en: "two seeds of the quick form: 0.74 and 1.00, squash being the worst game; random play is 0, known to 0.01. The full form has five times the steps, and the maze besides, of which one seed reached 0.99",
        zh: "快速形式两个种子：0.74 与 1.00，最差的是壁球；随机为 0，误差 0.01。完整形式步数近四倍，另加迷宫，一个种子在迷宫达到 0.99",
      },
    },
    {
      measure: "begun",
      says: { en: "before learning: the best of the games", zh: "学习之前：最好的游戏" },
      accept: { between: [-0.2, 0.5] },
      because: {
        en: "0.23 in one seed: an agent that has learnt nothing goes one way always, which now and then is right",
        zh: "一个种子为 0.23：什么都没学的智能体总往一个方向走，有时碰巧走对",
      },
    },
  ],
};

/** Exact measures of a network on tic-tac-toe. */
function judge(network: PolicyValueNetwork<GridPosition>, oracle: Oracle<GridPosition>) {
  const { game } = network;
  const positions = oracle.positions();
  const { policies, values } = network.evaluate(positions);
  let [right, error] = [0, 0];
  positions.forEach((position, i) => {
    const row = policies.subarray(i * game.moves, (i + 1) * game.moves);
    if (oracle.bestMoves(position).includes(row.indexOf(Math.max(...row)))) right += 1;
    error += (values[i] - oracle.value(position)) ** 2;
  });
  return {
    right: right / positions.length,
    error: error / positions.length,
    alone: linesLost(networkPlayer(network), game),
  };
}

/** Lines of an opponent that a player loses, on either side. */
function linesLost(player: Player<GridPosition>, game: BoardGame<GridPosition>): number {
  return allLines(game, player, 0).lost + allLines(game, player, 1).lost;
}

/** Rounds of self-play after which the three are compared. */
const EARLY = 4;

const searched: Experiment = {
  id: "nndl/6.5-self-play",
  title: {
    en: "Policy, value and search: learning tic-tac-toe against itself",
    zh: "策略、价值与搜索：自我对弈学井字棋",
  },
  section: "6.5",
  kind: "experiment",
  settings: {
    network: "64, 64",
    "expert's games": 300,
    rounds: 20,
    "games a round": 50,
    simulations: 30,
    "simulations in earnest": 400,
    "exploration in earnest": 4,
  },
  read: ["book/nndl/chapter6/6.5-playing.ts", "src/play/tree-search.ts", "src/play/self-play.ts"],
  async run({ seeds, log }) {
    const game = ticTacToe();
    const oracle = new Oracle(game);
    const kinds = ["supervised", "reinforced", "both"] as const;
    const found: Record<(typeof kinds)[number], ReturnType<typeof judge>[]> = {
      supervised: [],
      reinforced: [],
      both: [],
    };
    let rounds: SelfPlayRound[] = [];
    const falls: { entropy: number; valueError: number }[] = [];
    const lost: number[] = [];
    const used = seeds(5);
    for (const seed of used) {
      const make = () => new PolicyValueNetwork(game, { seed });
      const start = (network: PolicyValueNetwork<GridPosition>) =>
        learnFromPlayer(network, oraclePlayer(oracle, { seed }), { games: 300, steps: 300, seed });
      const reinforce = (kind: "reinforced" | "both", network: PolicyValueNetwork<GridPosition>) =>
        selfPlay(network, {
          ...{ rounds: 20, games: 50, simulations: 30, steps: 50, seed },
          onRound: ({ round }) => {
            if (round === EARLY - 1) found[kind].push(judge(network, oracle));
          },
        });
      const supervised = make();
      start(supervised);
      found.supervised.push(judge(supervised, oracle));
      const alone = await reinforce("reinforced", make());
      const both = make();
      start(both);
      await reinforce("both", both);
      lost.push(linesLost(searchPlayer(both, { simulations: 400, exploration: 4 }), game));
      if (seed === used[0]) rounds = alone;
      const change = (key: "entropy" | "valueError") =>
        mean(alone.slice(-5).map((round) => round[key])) - mean(alone.slice(0, 5).map((round) => round[key]));
      falls.push({ entropy: change("entropy"), valueError: change("valueError") });
      log(`seed ${seed}: ${kinds.map((kind) => JSON.stringify(found[kind].at(-1))).join(" ")}`);
    }
    const average = (kind: (typeof kinds)[number], key: keyof ReturnType<typeof judge>) =>
      mean(found[kind].map((each) => each[key]));
    return {
      measured: {
        lost: Math.max(...lost),
        entropyChange: mean(falls.map(({ entropy }) => entropy)),
        errorChange: mean(falls.map(({ valueError }) => valueError)),
        overSupervised: average("both", "right") - average("supervised", "right"),
        overReinforced: average("both", "right") - average("reinforced", "right"),
        right: kinds.map((kind) => average(kind, "right")),
        valueErrors: kinds.map((kind) => average(kind, "error")),
        linesAlone: kinds.map((kind) => average(kind, "alone")),
      },
      figures: [
        {
          name: "course",
          chart: {
            kind: "line",
            title: { en: "Self-play from nothing", zh: "从零开始的自我对弈" },
            xAxis: { label: { en: "rounds", zh: "轮" } },
            yAxis: { min: 0 },
            series: [
              {
                name: { en: "entropy of the policy, nats", zh: "策略的熵（奈特）" },
                y: rounds.map(({ entropy }) => entropy),
              },
              { name: { en: "error of the value", zh: "价值的误差" }, y: rounds.map(({ valueError }) => valueError) },
            ],
          },
        },
      ],
      tables: [
        {
          title: {
            en: "Three ways to learn, after four rounds, in all 4,520 positions",
            zh: "三种学法，四轮之后，全部 4,520 个局面",
          },
          columns: [
            { en: "learnt from", zh: "学自" },
            { en: "best move found", zh: "选中最佳着" },
            { en: "mean squared error of the value", zh: "价值的均方误差" },
            { en: "lines lost without search", zh: "不搜索时输掉的走法" },
          ],
          rows: kinds.map((kind) => [
            kind,
            average(kind, "right").toFixed(3),
            average(kind, "error").toFixed(3),
            average(kind, "alone").toFixed(1),
          ]),
        },
      ],
    };
  },
  about: {
    en: "AlphaGo's plan on a board where the truth is known: a network with a policy and a value, first taught by the games of an expert, then by games against itself, in which tree search improves on the network and the network learns from the search. Three networks are compared: taught by 300 of an expert's games, by four rounds of self-play from nothing, by both; self-play then goes on to twenty rounds. Each is asked for its move in every position, and plays every line that its opponent can choose.",
    zh: "在一个答案已知的棋盘上照 AlphaGo 的路子做：网络有策略与价值两个输出，先学专家的对局，再自我对弈；树搜索胜过网络本身，网络又向搜索学习。比较三个网络：只学专家的三百局、从零自我对弈四轮、两者都做；自我对弈随后继续到二十轮。对每个局面问它的着法，并让它应对对手的一切走法。",
  },
  claims: [
    {
      measure: "lost",
      says: { en: "with search, both sides: lines lost after both", zh: "带搜索、两方：两者都学之后输掉的走法" },
      expected: 0,
      accept: { equals: 0 },
    },
    {
      measure: "entropyChange",
      says: {
        en: "policy entropy falls: last five rounds less the first five, nats",
        zh: "策略熵下降：末五轮减首五轮（奈特）",
      },
      accept: { between: [-0.8, -0.1] },
      because: {
        en: "-0.33 to -0.43 in three seeds",
        zh: "三个种子为 -0.33 到 -0.43",
      },
    },
    {
      measure: "errorChange",
      says: { en: "value error falls", zh: "价值误差下降" },
      accept: { between: [-1, -0.1] },
      because: {
        en: "-0.42 to -0.52 in three seeds",
        zh: "三个种子为 -0.42 到 -0.52",
      },
    },
    {
      measure: "overSupervised",
      says: {
        en: "both beat the supervised start alone: share of positions with a best move",
        zh: "两者都学胜过只学专家：选中最佳着的比例之差",
      },
      accept: { between: [0.02, 0.16] },
      because: {
        en: "0.061 to 0.104 over ten seeds, 0.082 on average",
        zh: "十个种子为 0.061 到 0.104，平均 0.082",
      },
    },
    {
      measure: "overReinforced",
      says: { en: "and self-play alone", zh: "也胜过只自我对弈" },
      accept: { between: [0.005, 0.18] },
      because: {
        en: "0.036 to 0.108 over ten seeds, 0.069 on average",
        zh: "十个种子为 0.036 到 0.108，平均 0.069",
      },
    },
  ],
};

const larger: Experiment = {
  id: "nndl/6.5-connect-four",
  title: { en: "Connect-Four on six by six against minimax", zh: "六乘六四子棋对极小化极大" },
  section: "6.5",
  kind: "experiment",
  settings: { network: "32 and 32 filters 3 x 3, 64 neurons", "minimax depth": 4 },
  read: ["book/nndl/chapter6/6.5-playing.ts", "src/play/self-play.ts"],
  async run({ seed, pick, log }) {
    const plan = pick({
      quick: { games: 60, taught: 150, rounds: 2, played: 32, simulations: 25, earnest: 50, match: 20 },
      full: { games: 200, taught: 400, rounds: 48, played: 96, simulations: 50, earnest: 400, match: 100 },
    });
    const game = connectFour({ rows: 6, columns: 6 });
    const network = new PolicyValueNetwork(game, { seed });
    const opponent = minimaxPlayer(game, { depth: 4, seed: seed + 1 });
    const score = (simulations: number) => {
      const { won, drawn, lost } = playMatch(game, searchPlayer(network, { simulations, seed }), opponent, {
        games: plan.match,
        opening: 2,
        seed,
      });
      log(`won ${won}, drawn ${drawn}, lost ${lost}`);
      return won / plan.match;
    };
    const untaught = score(plan.earnest);
    learnFromPlayer(network, minimaxPlayer(game, { depth: 4, seed: seed + 2 }), {
      games: plan.games,
      steps: plan.taught,
      seed,
    });
    const taught = score(plan.earnest);
    const rounds = await selfPlay(network, {
      rounds: plan.rounds,
      games: plan.played,
      simulations: plan.simulations,
      steps: 80,
      seed,
      onRound: ({ round, entropy, valueError }) =>
        log(`round ${round}: entropy ${entropy.toFixed(3)}, value error ${valueError.toFixed(3)}`),
    });
    const won = score(plan.earnest);
    return {
      measured: { untaught, taught, won, evaluations: network.evaluations },
      figures: [
        {
          name: "course",
          chart: {
            kind: "line",
            title: { en: "Self-play after a supervised start", zh: "有监督起步之后的自我对弈" },
            xAxis: { label: { en: "rounds", zh: "轮" } },
            yAxis: { min: 0 },
            series: [
              {
                name: { en: "entropy of the policy, nats", zh: "策略的熵（奈特）" },
                y: rounds.map(({ entropy }) => entropy),
              },
              { name: { en: "error of the value", zh: "价值的误差" }, y: rounds.map(({ valueError }) => valueError) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "A larger board, where nobody counts all positions any more. The opponent is plain minimax, which looks four moves ahead and overlooks nothing within them. The network is first taught by such games, then plays against itself; in earnest it searches, and plays from openings of two random moves, half of the games on either side. The quick form shows that it runs; strength takes the full one.",
    zh: "更大的棋盘，局面已无法一一数清。对手是朴素的极小化极大，向前看四步，四步之内毫无遗漏。网络先学这样的对局，再自我对弈；正式对局时带搜索，开局两步随机，双方各先手一半。快速形式只说明它能运行，要有棋力得用完整形式。",
  },
  claims: [
    {
      measure: "won",
      says: { en: "games won against minimax of depth 4", zh: "对深度 4 的极小化极大的胜率" },
      accept: { quick: null, full: { between: [0.8, 1] } },
      because: {
        en: "what is asked for; 100 games leave 0.04 to chance at 0.8",
        zh: "所要求的水平；胜率 0.8 时一百局有 0.04 的偶然误差",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [counted, pixels, searched, larger];
