/** The address of a page of the guide: of `nndl-3-hyperparameters` `/book/nndl/3-hyperparameters`, of `tensorflow` `/book/tensorflow`. */
export function readerPath(guide: string): string {
  return `/book/${guide.replace("-", "/")}`;
}
