/** What a phase says while it works. Runners turn it into Octopus service messages, terminal lines or relay entries. Text is one line, already free of secrets or redacted by the runner. */
export interface Voice {
  info(text: string): void;
  verbose(text: string): void;
  highlight(text: string): void;
  warn(text: string): void;
  error(text: string): void;
  /** `percent` 0 to 100. */
  progress(percent: number, text: string): void;
  /** Registers a secret before its first use: every later line hides it, in raw, base64, hex and URI-encoded form. */
  secret(value: string): void;
}
