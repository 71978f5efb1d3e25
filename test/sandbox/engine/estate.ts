import { afterEach } from 'vitest';
import type { EngineAction, EngineMachine, EnginePackage, EngineRun, EngineStep, EngineVariable } from '../../../src/sandbox/engine/contract.ts';
import { RecordedActivity } from './activity.ts';
import { LocalTentacle } from './local-tentacle.ts';

const open: LocalTentacle[] = [];
afterEach(() => {
  for (const tentacle of open.splice(0)) tentacle.dispose();
});

export type TestMachine = EngineMachine & { tentacle: LocalTentacle };

export function machine(name: string, roles: string[] = ['web'], more: Partial<EngineMachine> = {}): TestMachine {
  const tentacle = new LocalTentacle();
  open.push(tentacle);
  return { id: `Machines-${name}`, name, roles, isDisabled: false, healthStatus: 'Healthy', connect: tentacle.connect, tentacle, ...more };
}

export function step(name: string, body: string, more: { condition?: EngineStep['Condition']; roles?: string; properties?: EngineAction['Properties']; step?: Partial<EngineStep>; stepProperties?: Record<string, string>; action?: Partial<EngineAction>; packages?: EngineAction['Packages'] } = {}): EngineStep {
  return {
    Name: name, Condition: more.condition ?? 'Success', StartTrigger: 'StartAfterPrevious', PackageRequirement: 'LetOctopusDecide',
    Properties: { 'Octopus.Action.TargetRoles': more.roles ?? 'web', ...more.stepProperties },
    Actions: [{
      Name: name, ActionType: 'Octopus.Script', IsDisabled: false, WorkerPoolId: null, Container: { FeedId: null, Image: null }, Environments: [], TenantTags: [], Packages: more.packages ?? [],
      Properties: { 'Octopus.Action.RunOnServer': 'false', 'Octopus.Action.Script.ScriptSource': 'Inline', 'Octopus.Action.Script.Syntax': 'Bash', 'Octopus.Action.Script.ScriptBody': body, ...more.properties },
      ...more.action,
    }],
    ...more.step,
  };
}

export function engineRun(machines: EngineMachine[], more: { variables?: EngineVariable[]; packages?: EnginePackage[]; cancelled?: AbortSignal; taskId?: string } = {}) {
  const root = new RecordedActivity('root');
  const artifacts = new Map<string, string>();
  const run: EngineRun = {
    taskId: more.taskId ?? 'ServerTasks-1', spaceId: 'Spaces-1', root, machines, variables: more.variables ?? [], packages: more.packages ?? [],
    intervene: async () => ({ result: 'Proceed', notes: '', user: 'admin' }),
    createArtifact: async (name, content) => void artifacts.set(name, Buffer.from(content).toString('utf8')),
    cancelled: more.cancelled ?? new AbortController().signal,
  };
  return { run, root, artifacts };
}
