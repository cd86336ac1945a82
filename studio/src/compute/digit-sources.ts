// Where the digits of demonstrations come from, by name: what stands in addresses, without the code that reads them.
export type DigitSource = "drawn" | "mnist";
export const DIGIT_SOURCES: readonly DigitSource[] = ["drawn", "mnist"];
