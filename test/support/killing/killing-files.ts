import { existsSync, readFileSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemFiles as realFiles } from '../../../src/runners/ports/files.ts';
import type { Entry } from '../../../src/journal/contract.ts';
import type { Files } from '../../../src/ports/files.ts';
import { PLAN_FILE, pointOf, STRUCK_FILE, type KillPlan } from './plan.ts';

/** The real file system, in which every append to a journal is a point to kill at. */
export const systemFiles: Files = {
  ...realFiles,
  async append(path, content) {
    const plan = basename(path) === 'journal.jsonl' ? strikes(path, content) : null;
    if (plan === null) return realFiles.append(path, content);
    if (plan.moment === 'torn') await realFiles.append(path, content.slice(0, content.length / 2));
    if (plan.moment === 'before' || plan.moment === 'torn') await kill(plan);
    await realFiles.append(path, content);
    if (plan.moment === 'after') await kill(plan);
    if (plan.moment === 'later') setTimeout(() => void kill(plan), plan.delayMs);
  },
};

/** The plan, when it is about one of the entries that are written now; it is taken, so that it strikes once. */
function strikes(path: string, content: string): KillPlan | null {
  const folder = dirname(dirname(dirname(path)));
  const planPath = join(folder, PLAN_FILE);
  if (!existsSync(planPath)) return null;
  const plan = JSON.parse(readFileSync(planPath, 'utf8')) as KillPlan;
  const count = (text: string): number => text.split('\n').filter((line) => line.endsWith('}') && pointOf(JSON.parse(line) as Entry) === plan.point).length;
  const before = existsSync(path) ? count(readFileSync(path, 'utf8')) : 0;
  if (plan.occurrence <= before || plan.occurrence > before + count(content)) return null;
  renameSync(planPath, join(folder, STRUCK_FILE));
  return plan;
}

async function kill(plan: KillPlan): Promise<void> {
  const { target, host, other } = plan;
  if (target === 'self') return gone();
  const path = { server: `${host}/units/octopusserver.service/kill`, tentacle: `${host}/units/Tentacle.service/kill`, other: `${other}/units/Tentacle.service/kill`, host: `${host}/stop` }[target];
  await fetch(`${plan.controlUrl}/machines/${path}`, { method: 'POST', headers: { 'x-sandbox-token': plan.controlToken } }).catch(() => undefined);
  // Its power is off, and so it does nothing more.
  if (target === 'host') await gone();
}

function gone(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}
