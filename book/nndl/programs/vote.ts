// An ensemble of networks: each gives an answer, and the answer that most give counts.

/** What most voters say of each image; of equally many, what the first of them said. Answers are lists of digits, one an image, a list a voter. */
export function majority(answers: readonly string[]): string {
  const [first] = answers;
  if (first === undefined || answers.some(({ length }) => length !== first.length)) {
    throw new RangeError(
      `majority: takes answers to the same images, at least one list; got ${answers.map(({ length }) => length).join(", ") || "none"}`,
    );
  }
  let result = "";
  for (let image = 0; image < first.length; image++) {
    const votes = new Map<string, number>();
    for (const list of answers) votes.set(list[image], (votes.get(list[image]) ?? 0) + 1);
    // A map keeps the order in which its keys came.
    const most = Math.max(...votes.values());
    result += [...votes].find(([, count]) => count === most)![0];
  }
  return result;
}
