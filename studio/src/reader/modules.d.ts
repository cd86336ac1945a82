// What scripts/studio/guide-plugin.ts makes.
declare module "virtual:book-contents" {
  export const SOURCES: readonly import("../../../scripts/studio/guide-plugin.ts").ContentsSource[];
}
