// Part 7: one phrase with two trees, and the text's map of phrases.
import type { PointSeries, Text, TreeChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { type Composer, distance, mapPlace, type Phrase, type Place } from "../programs/composition.ts";
import {
  AMBIGUOUS,
  COUNTS_PEOPLE,
  COUNTS_PLACES,
  LESSONS,
  type LessonName,
  learnPlaces,
} from "../programs/readings.ts";
import { nodesFromRoot, type TreeNode } from "../programs/recursive.ts";

const EPOCHS = 60;

function learnt(name: LessonName, seed: number): Composer {
  const epochs = learnPlaces(name, seed, EPOCHS);
  let last = epochs.next().value!;
  for (const composer of epochs) last = composer;
  return last;
}

const placeOf = (composer: Composer, { words, tree }: Pick<Phrase, "words" | "tree">): Place =>
  mapPlace(composer.read(words, tree));

const written = (place: Place): string => `[${place.map((value) => value.toFixed(1)).join(", ")}]`;

/** The tree with words at its leaves and places of the map in its nodes. */
function placesChart(root: TreeNode, words: readonly string[], title: Text): TreeChart {
  const nodes = nodesFromRoot(root);
  const order = new Map<TreeNode, number>();
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.isLeaf) order.set(node, order.size);
    else open.push(...[...node.children].reverse());
  }
  return {
    ...{ kind: "tree", title },
    nodes: nodes.map((node) => ({
      label: node.isLeaf ? words[order.get(node)!] : written(mapPlace(node)),
      ...(node !== root && { parent: nodes.indexOf(node.parent!) }),
    })),
  };
}

const points = (name: Text, places: readonly Place[], colour: number): PointSeries => ({
  ...{ name, colour },
  x: places.map(([x]) => x),
  y: places.map(([, y]) => y),
});

const axes = { xAxis: { min: 0, max: 10 }, yAxis: { min: 0, max: 10 } };

const twoTrees: Experiment = {
  id: "zero/7-two-trees",
  title: { en: "Two trees of one phrase", zh: "同一短语的两棵树" },
  section: "7",
  kind: "construction",
  settings: {
    phrase: "两个外语学院的学生",
    "numbers a node": 2,
    "phrases taught": LESSONS.readings.taught.length,
    epochs: EPOCHS,
  },
  read: ["book/zero/programs/composition.ts", "book/zero/programs/readings.ts", "book/zero/chapter7/7-composition.ts"],
  async run({ seed }) {
    const composer = learnt("readings", seed);
    const { taught, kept } = LESSONS.readings;
    const people = composer.read(AMBIGUOUS, COUNTS_PEOPLE);
    const institutions = composer.read(AMBIGUOUS, COUNTS_PLACES);
    const [own, other] = kept;
    const found = [mapPlace(people), mapPlace(institutions)] as const;
    const right = [own, other].filter(({ place }, i) => distance(found[i], place) < distance(found[1 - i], place));
    const errors = taught.map((phrase) => composer.errorOf(phrase));
    const same = taught.find(({ words }) => words.join("") === "外语学院的两个学生")!;
    const [forPeople, forInstitutions] = [own, other].map((reading) =>
      taught.filter(
        ({ place }) => distance(place, reading.place) < distance(place, (reading === own ? other : own).place),
      ),
    );
    const all = (phrases: readonly Phrase[]) => phrases.map((phrase) => placeOf(composer, phrase));
    return {
      measured: {
        apart: distance(...found),
        right: right.length,
        unseen: Math.max(distance(found[0], own.place), distance(found[1], other.place)),
        taught: errors.reduce((sum, error) => sum + error, 0) / errors.length,
        same: distance(found[0], placeOf(composer, same)),
      },
      figures: [
        {
          name: "people",
          chart: placesChart(people, AMBIGUOUS, { en: "Two students of a college", zh: "学生是两个" }),
        },
        {
          name: "institutions",
          chart: placesChart(institutions, AMBIGUOUS, { en: "Students of two colleges", zh: "学院是两个" }),
        },
        {
          name: "map",
          chart: {
            ...{ kind: "scatter", ...axes },
            title: { en: "Where phrases lie", zh: "短语在图上的位置" },
            series: [
              points({ en: "people are counted", zh: "数的是人" }, all(forPeople), 0),
              points({ en: "institutions are counted", zh: "数的是单位" }, all(forInstitutions), 1),
              points({ en: "两个外语学院的学生, both trees", zh: "两个外语学院的学生，两棵树" }, found, 2),
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "两个外语学院的学生 has two readings, and two trees: two students of a college, or the students of two colleges. A cell of two numbers a node learns where such phrases lie on a map, those that count people and those that count institutions, from others of the same words; the text's phrase is never among them. Its two trees hold the same four vectors, and end where each reading belongs: only the brackets differ.",
    zh: "“两个外语学院的学生”有两种读法，也就有两棵树：学生是两个，或者学院是两个。每个节点两个数的单元从用词相同的其他短语学习：数人的与数单位的各在图上何处；原文的短语从不出现。它的两棵树用的是同样四个词向量，却各自落到该落的地方：不同的只有括号。",
  },
  claims: [
    {
      measure: "right",
      says: { en: "trees of two that end nearer to their own reading's place", zh: "两棵树中，离自己读法的位置更近的" },
      accept: { equals: 2 },
    },
    {
      measure: "apart",
      says: {
        en: "the same words, bracketed both ways: distance of the roots",
        zh: "同样的词，两种括号：两个根的距离",
      },
      accept: { between: [5, 8] },
      because: {
        en: "the two places are 6.4 apart; 5.6 to 7.2 over twenty seeds",
        zh: "两处位置相距 6.4；二十个种子为 5.6 到 7.2",
      },
    },
    {
      measure: "unseen",
      says: {
        en: "the phrase that was not taught: distance of the worse root from its place",
        zh: "没有教过的短语：较差的根离其位置的距离",
      },
      accept: { atMost: 2 },
      because: { en: "0.4 to 1.6 over twenty seeds", zh: "二十个种子为 0.4 到 1.6" },
    },
    {
      measure: "taught",
      says: { en: "mean distance of those that were taught", zh: "教过的短语的平均距离" },
      accept: { atMost: 1 },
      because: { en: "0.5 to 0.75 over twenty seeds", zh: "二十个种子为 0.5 到 0.75" },
    },
    {
      measure: "same",
      says: {
        en: "from two students of a college to 外语学院的两个学生, which says the same in another order",
        zh: "“学生是两个”的读法与“外语学院的两个学生”的距离：意思相同，词序不同",
      },
      accept: { atMost: 1.2 },
      because: { en: "0.1 to 0.7 over twenty seeds", zh: "二十个种子为 0.1 到 0.7" },
    },
  ],
};

const map: Experiment = {
  id: "zero/7-map",
  title: { en: "Phrases and words on one map", zh: "短语与词在同一张图上" },
  section: "7",
  kind: "construction",
  settings: {
    "numbers a node": 2,
    "phrases taught": LESSONS.births.taught.length,
    "phrases kept back": LESSONS.births.kept.map(({ words }) => words.join(" ")).join("; "),
    epochs: EPOCHS,
  },
  read: ["book/zero/programs/composition.ts", "book/zero/programs/readings.ts", "book/zero/chapter7/7-composition.ts"],
  async run({ seed }) {
    const composer = learnt("births", seed);
    const { taught, kept, given } = LESSONS.births;
    const named = (text: string) => [...taught, ...kept].find(({ words }) => words.join(" ") === text)!;
    const country = placeOf(composer, named("the country of my birth"));
    const place = placeOf(composer, named("the place where I was born"));
    const both = [country, place];
    const to = (word: string) => both.map((each) => distance(each, given.get(word)!));
    const lands = [...to("Germany"), ...to("France")];
    const days = [...to("Monday"), ...to("Tuesday")];
    const all = (phrases: readonly Phrase[]) => phrases.map((phrase) => placeOf(composer, phrase));
    const isTime = ({ words }: Phrase) => words[1] === "day" || words[1] === "year";
    return {
      measured: {
        country: [...country],
        between: distance(country, place),
        ordered: distance(country, place) < Math.min(...lands) && Math.max(...lands) < Math.min(...days),
        unseen: Math.max(...kept.map((phrase) => composer.errorOf(phrase))),
      },
      figures: [
        {
          name: "map",
          chart: {
            ...{ kind: "scatter", ...axes },
            title: { en: "Phrases and words", zh: "短语与词" },
            series: [
              points({ en: "where one was born", zh: "出生的地方" }, all(taught.filter((each) => !isTime(each))), 0),
              points({ en: "the same, not taught", zh: "同上，没有教过" }, all(kept), 2),
              points({ en: "when one was born", zh: "出生的时间" }, all(taught.filter(isTime)), 1),
              points(
                { en: "Germany, France", zh: "Germany、France" },
                [given.get("Germany")!, given.get("France")!],
                3,
              ),
              points(
                { en: "Monday, Tuesday", zh: "Monday、Tuesday" },
                [given.get("Monday")!, given.get("Tuesday")!],
                4,
              ),
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The text's map has the country of my birth at [1,5], the place where I was born beside it, Germany and France nearer to both than Monday and Tuesday. Here a cell is taught where phrases of this kind lie; the place where I was born and two others are kept back, and composition puts them where they belong. The places of the four single words are given and only [1,5] is legible in the text.",
    zh: "原文的图上，the country of my birth 在 [1,5]，the place where I was born 在它旁边，Germany 与 France 离两者比 Monday 与 Tuesday 近。这里教单元这类短语各在何处，the place where I was born 等三个留下不教，由组合自己落到该在的地方。四个单词的位置是给定的；原文能辨认的只有 [1,5]。",
  },
  claims: [
    {
      measure: "country",
      says: { en: "the country of my birth", zh: "the country of my birth 的位置" },
      expected: [1, 5],
      accept: { within: 0.6 },
      because: {
        en: "thirty-three phrases share one cell of ten numbers; off by at most 0.4 in either number over twenty seeds",
        zh: "三十三个短语共用一个只有十个数的单元；二十个种子里每个数至多相差 0.4",
      },
    },
    {
      measure: "between",
      says: {
        en: "from there to the place where I was born, not taught",
        zh: "到没有教过的 the place where I was born 的距离",
      },
      accept: { atMost: 1.2 },
      because: { en: "0.2 to 0.7 over twenty seeds", zh: "二十个种子为 0.2 到 0.7" },
    },
    {
      measure: "ordered",
      says: {
        en: "the two are nearer to each other than to Germany and France, and those nearer than Monday and Tuesday",
        zh: "两者之间比到 Germany、France 近，而后者又比 Monday、Tuesday 近",
      },
      accept: { equals: true },
    },
    {
      measure: "unseen",
      says: {
        en: "the worst of three that were not taught: distance from its place",
        zh: "三个没有教过的短语中最差的：离其位置的距离",
      },
      accept: { atMost: 1.2 },
      because: { en: "0.2 to 0.8 over twenty seeds", zh: "二十个种子为 0.2 到 0.8" },
    },
  ],
};

export const experiments: readonly Experiment[] = [twoTrees, map];
