import { readdirSync, readFileSync } from 'node:fs';

/** Command lines of processes that name a text in their arguments or their environment: what something left running. Never this process. */
export function processesNaming(text: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const read = (file: string): string => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'latin1');
      } catch {
        // It has ended meanwhile.
        return '';
      }
    };
    const arguments_ = read('cmdline');
    if (`${arguments_}\0${read('environ')}`.includes(text)) found.push(`${pid}: ${arguments_.replaceAll('\0', ' ').trim() || '(ending)'}`);
  }
  return found;
}
