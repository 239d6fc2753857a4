/** A place that breaks a rule of STYLE.md. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly problem: string;
}
