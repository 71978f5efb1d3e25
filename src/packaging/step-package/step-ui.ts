/** The parts of a step's form (step-packages.md 2.2). Octopus' own functions only add a `type` to what they are given, so these objects are what they return. */
export type FormContent =
  | { type: 'section'; title: string; content: FormContent[] }
  | { type: 'text' | 'number' | 'checkbox' | 'sensitive'; input: InputPath; label: string; helpText: string }
  | { type: 'radio-buttons'; input: InputPath; label: string; helpText: string; options: { label: string; newValueWhenSelected: string }[] };

/** Where a value lies among the inputs. Octopus hands it in, and alone knows what is in it. */
export interface InputPath { convertTo(conversions: { toNewType(value: string | undefined): string; toOriginalType(value: string): string | undefined }): InputPath }

/** Default export of a step package's ui.js. */
export interface StepUI {
  createInitialInputs(): Record<string, string | number | boolean>;
  editInputsForm(inputs: Record<string, InputPath>): FormContent[];
}
