/** Creates and replaces large files, each of one repeated letter, until it is killed. Started by files.test.ts. */
import { join } from 'node:path';
import { systemFiles } from '../../../src/runners/ports/files.ts';

async function main(folder: string): Promise<void> {
  for (let index = 0; ; index++) {
    const text = String.fromCharCode(97 + (index % 26)).repeat(1_000_000);
    await systemFiles.replace(join(folder, 'whole-replaced'), text);
    if (index < 20) await systemFiles.create(join(folder, `whole-created-${process.pid}-${index}`), text);
    process.stdout.write('.');
  }
}

void main(process.argv[2]!);
