const ACRONYMS: Record<string, string> = { url: 'URL', api: 'API', id: 'ID' };

/** What people read of an input: `ServerUrl` -> `Server URL`. */
export function labelOf(name: string): string {
  return sentence(name.split(/(?=[A-Z])/).map((word) => ACRONYMS[word.toLowerCase()] || word.toLowerCase()).join(' '));
}

/** What people read of a choice: `leave-behind` -> `Leave behind`. */
export function optionLabel(option: string): string {
  return sentence(option.split('-').join(' '));
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
