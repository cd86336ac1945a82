// The five invented people of the second part: years of work and monthly salary.
export const YEARS: readonly number[] = [5, 3, 8, 1.4, 10.1];
export const SALARIES: readonly number[] = [5500, 2300, 7600, 1800, 11400];
