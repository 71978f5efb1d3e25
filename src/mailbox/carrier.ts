/** One way from relay to relay. It only carries: what a text is worth is found out by whoever reads it. */
export interface Carrier {
  /** For people. */
  readonly name: string;
  /** Makes the letter the newest from `from` to `to`, in place of any that is not newer. Twice is no error. */
  put(letter: Letter, isNewer: (text: string) => boolean): Promise<void>;
  /** Texts that wait from `from` to `to`; more than one where old ones could not be removed. */
  read(from: string, to: string): Promise<string[]>;
  /** Removes everything of the rotation. */
  clear(): Promise<void>;
}

/** Puts a letter to oneself, for trial: whether it can be read again as it was written. */
export async function carriesOver(carrier: Carrier, letter: Letter): Promise<boolean> {
  await carrier.put(letter, () => false);
  return (await carrier.read(letter.from, letter.to)).includes(letter.text);
}

export interface Letter { from: string; to: string; fence: number; sequence: number; text: string }
