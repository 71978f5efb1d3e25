/** What the Step API hands to an executor to speak with Octopus (step-packages.md 2.1): exactly these members. */
export interface OctopusContext {
  print(message: string): void;
  printVerbose(message: string): void;
  printHighlight(message: string): void;
  printWait(message: string): void;
  printWarning(message: string): void;
  getOctopusVariable(name: string): string | undefined;
  setOctopusVariable(name: string, value: string, sensitive: boolean): void;
  failStep(message?: string): void;
  createArtifact(path: string, name?: string): Promise<void>;
  updateProgress(percentage: number, message?: string): void;
}

/** Default export of a step package's executor.js. It fails by throwing. */
export type StepExecutor = (run: { inputs: Record<string, unknown>; target: unknown; context: OctopusContext }) => Promise<void>;
