// The parts of a page's state, each with its first value and how it is written in the address. What an address holds is foreign: a value that
// can't be read is passed over, a number is brought into its range.

export interface Field<T> {
  readonly initial: T;
  write(value: T): string;
  /** undefined where the text is no such value. */
  read(text: string): T | undefined;
}

export type Fields = Readonly<Record<string, Field<never>>>;

/** The values of a page's state. */
export type Values<F> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export interface Range {
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
}

/** All digits: what is read is the same number, so that a link trains to the same bits. What a pointer drags is rounded where it is dragged. */
const exact = (value: number): string => String(value);

function within(value: number, { min, max, integer }: Range): number {
  const inside = Math.min(max, Math.max(min, value));
  return integer ? Math.round(inside) : inside;
}

export function number(initial: number, range: Range): Field<number> {
  return {
    initial,
    write: exact,
    read(text) {
      const value = Number(text);
      return text.trim() === "" || !Number.isFinite(value) ? undefined : within(value, range);
    },
  };
}

/** Numbers with commas between: as many as `initial` has, or from `count.min` to `count.max`. */
export function numbers(initial: readonly number[], range: Range, count?: Range): Field<number[]> {
  const { min, max } = count ?? { min: initial.length, max: initial.length };
  return {
    initial: [...initial],
    write: (values) => values.map(exact).join(","),
    read(text) {
      const values = text === "" ? [] : text.split(",").map(Number);
      if (values.length < min || values.length > max || !values.every(Number.isFinite)) return undefined;
      return values.map((value) => within(value, range));
    },
  };
}

export function choice<const T extends string>(initial: NoInfer<T>, among: readonly T[]): Field<T> {
  return {
    initial,
    write: (value) => value,
    read: (text) => among.find((value) => value === text),
  };
}

export function flag(initial: boolean): Field<boolean> {
  return {
    initial,
    write: (value) => (value ? "1" : "0"),
    read: (text) => (text === "1" ? true : text === "0" ? false : undefined),
  };
}

export function text(initial: string, maximum = 2000): Field<string> {
  return { initial, write: (value) => value, read: (value) => (value.length <= maximum ? value : undefined) };
}
