import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemFiles as realFiles } from '../../../src/runners/ports/files.ts';
import type { Entry } from '../../../src/journal/contract.ts';
import type { Files } from '../../../src/ports/files.ts';
import { filePointOf, PLAN_FILE, pointOf, POINTS_FILE, STRUCK_FILE, type KillPlan } from './plan.ts';

/** The real file system, in which every append to a journal, and every other change in the state folder, is a point to kill at. */
export const systemFiles: Files = {
  ...realFiles,
  append: (path, content) => (basename(path) === 'journal.jsonl' ? around(path, entriesOf(content), () => realFiles.append(path, content), () => realFiles.append(path, content.slice(0, content.length / 2))) : realFiles.append(path, content)),
  create: (path, content, mode) => around(path, [filePointOf('create', path)], () => realFiles.create(path, content, mode)),
  replace: (path, content, mode) => around(path, [filePointOf('replace', path)], () => realFiles.replace(path, content, mode)),
  remove: (path) => around(path, [filePointOf('remove', path)], () => realFiles.remove(path)),
};

const entriesOf = (lines: string): string[] => lines.split('\n').filter((line) => line.endsWith('}')).map((line) => pointOf(JSON.parse(line) as Entry));

async function around(path: string, points: readonly string[], act: () => Promise<void>, torn: () => Promise<void> = act): Promise<void> {
  const plan = strikes(path, points);
  if (plan === null) return act();
  if (plan.moment === 'torn') await torn();
  if (plan.moment === 'before' || plan.moment === 'torn') await kill(plan);
  await act();
  if (plan.moment === 'after') await kill(plan);
  if (plan.moment === 'later') setTimeout(() => void kill(plan), plan.delayMs);
}

/** The state folder is the one that holds a plan, or the list in which the points are recorded. */
function stateFolderOf(path: string, name: string): string | null {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) if (existsSync(join(folder, name))) return folder;
  return null;
}

/** The plan, when it is about one of these points; it is taken, so that it strikes once. */
function strikes(path: string, points: readonly string[]): KillPlan | null {
  const recording = stateFolderOf(path, POINTS_FILE);
  if (recording !== null) for (const point of points) appendFileSync(join(recording, POINTS_FILE), `${point}\n`);
  const folder = stateFolderOf(path, PLAN_FILE);
  if (folder === null) return null;
  const planPath = join(folder, PLAN_FILE);
  const plan = JSON.parse(readFileSync(planPath, 'utf8')) as KillPlan;
  const found = points.filter((point) => point === plan.point).length;
  if (found === 0) return null;
  if (plan.occurrence > found) {
    writeFileSync(`${planPath}.new`, JSON.stringify({ ...plan, occurrence: plan.occurrence - found }));
    renameSync(`${planPath}.new`, planPath);
    return null;
  }
  renameSync(planPath, join(folder, STRUCK_FILE));
  return plan;
}

async function kill(plan: KillPlan): Promise<void> {
  const { target, host, other, polling, node } = plan;
  if (target === 'self') return gone();
  const path = {
    server: `${host}/units/octopusserver.service/kill`, tentacle: `${host}/units/Tentacle.service/kill`, other: `${other}/units/Tentacle.service/kill`, polling: `${polling}/units/Tentacle.service/kill`, host: `${host}/stop`,
    node: `${node ?? ''}/units/octopusserver.service/kill`, 'node-relay': `${node ?? ''}/units/${await relayOn(plan)}/kill`, 'node-machine': `${node ?? ''}/stop`,
  }[target];
  await control(plan, 'POST', `machines/${path}`).catch(() => undefined);
  // Its power is off, and so it does nothing more.
  if (target === 'host') await gone();
}

function control(plan: KillPlan, method: string, path: string): Promise<Response> {
  return fetch(`${plan.controlUrl}/${path}`, { method, headers: { 'x-sandbox-token': plan.controlToken } });
}

/** Unit of the relay that runs on the other node's machine; before there is one, a name that nothing has. */
async function relayOn(plan: KillPlan): Promise<string> {
  if (plan.target !== 'node-relay') return '';
  const machines = await control(plan, 'GET', 'machines').then((response) => response.json() as Promise<{ name: string; units: { name: string; mainPid: number }[] }[]>).catch(() => []);
  return machines.find((one) => one.name === plan.node)?.units.find((unit) => unit.name.startsWith('octopus-rotation-relay-') && unit.mainPid > 0)?.name ?? 'octopus-rotation-relay-none.service';
}

function gone(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}
