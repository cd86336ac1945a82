// From a person to the numbers of the vector x: the second part of the series lists (5, IT, Baidu, T6) and leaves open how words become numbers.
// Years are a number; grades have an order, so their number will do; industries and companies have none, and get a place each (one-hot).

export interface Person {
  readonly years: number;
  readonly industry: string;
  readonly company: string;
  /** `T6`: the number has a meaning. */
  readonly grade: string;
}

/** The words that a category may have, each with its place. */
export class Category {
  readonly name: string;
  readonly words: readonly string[];

  constructor(name: string, words: readonly string[]) {
    this.name = name;
    this.words = words;
  }

  /** @throws RangeError for a word that it does not know: a 0 in every place would be a person without an industry. */
  placeOf(word: string): number {
    const place = this.words.indexOf(word);
    if (place < 0) throw new RangeError(`the ${this.name} ${word} is not known; known are ${this.words.join(", ")}`);
    return place;
  }

  /** 1 at the word's place, 0 elsewhere. */
  oneHot(word: string): number[] {
    const place = this.placeOf(word);
    return this.words.map((_, i) => (i === place ? 1 : 0));
  }
}

/** `T6` is 6. */
export function gradeNumber(grade: string): number {
  const [, digits] = grade.match(/^T(\d+)$/) ?? [];
  if (digits === undefined) throw new RangeError(`the grade ${grade} is no T with a number, as T6`);
  return Number(digits);
}

/** Years, a place for each industry, a place for each company, the grade. */
export function encode(person: Person, industries: Category, companies: Category): number[] {
  const { years, industry, company, grade } = person;
  return [years, ...industries.oneHot(industry), ...companies.oneHot(company), gradeNumber(grade)];
}

/** What looks simpler, and says that the third industry is three times the first: years, two numbers, the grade. */
export function encodeAsNumbers(person: Person, industries: Category, companies: Category): number[] {
  const { years, industry, company, grade } = person;
  return [years, industries.placeOf(industry) + 1, companies.placeOf(company) + 1, gradeNumber(grade)];
}
