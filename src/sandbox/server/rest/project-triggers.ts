import { bodyOf, BodyReader, type Json } from './body.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { projectOf } from './projects.ts';
import { created, inSpace, ofSpace, touch, type Router, type SpaceCall } from './router.ts';
import { runbookOf } from './runbooks.ts';
import { nextId } from '../database/database.ts';
import type { ProjectTrigger } from '../database/documents.ts';

const resource = (call: SpaceCall, trigger: ProjectTrigger): Json => ({ ...trigger, ...selfLink(call, 'projecttriggers', trigger.Id, { Project: pathOf(call, 'projects', trigger.ProjectId) }) });

function inputOf(call: SpaceCall, body: Json, current: ProjectTrigger | null): Pick<ProjectTrigger, 'ProjectId' | 'Name' | 'Description' | 'IsDisabled' | 'Filter' | 'Action'> {
  const read = new BodyReader(body);
  const Name = read.text('Name');
  const { Id: ProjectId } = projectOf(call, read.text('ProjectId', current?.ProjectId ?? ''));
  const Filter = (body.Filter ?? {}) as Json;
  const Action = (body.Action ?? {}) as Json;
  if (Filter.FilterType !== 'CronExpressionSchedule') read.complain(`sandbox: the filter ${String(Filter.FilterType)} is not simulated.`);
  if (typeof Filter.CronExpression !== 'string' || Filter.CronExpression.split(' ').length !== 6) read.complain('The cron expression must have six fields.');
  if (typeof Filter.Timezone !== 'string' || Filter.Timezone === '') read.complain('Please provide a time zone.');
  if (Action.ActionType !== 'RunRunbook') read.complain(`sandbox: the action ${String(Action.ActionType)} is not simulated.`);
  else if (runbookOf(call, String(Action.RunbookId)).ProjectId !== ProjectId) read.complain('The runbook is not one of this project.');
  const environments = Array.isArray(Action.EnvironmentIds) ? Action.EnvironmentIds : [];
  if (environments.length === 0) read.complain('Please select at least one environment.');
  environments.filter((id) => !ofSpace(call, call.all.Environments).some(({ Id }) => Id === id)).forEach((id) => read.complain(`The environment '${String(id)}' does not exist.`));
  if (ofSpace(call, call.all.ProjectTriggers).some((other) => other.Id !== current?.Id && other.ProjectId === ProjectId && other.Name.toLowerCase() === Name.toLowerCase())) read.complain(`A trigger with the name '${Name}' already exists in this project.`);
  const input = { ProjectId, Name, Description: read.text('Description', current?.Description ?? ''), IsDisabled: read.flag('IsDisabled', current?.IsDisabled ?? false), Filter, Action };
  read.check();
  return input;
}

function create(call: SpaceCall, body: Json): Json {
  const input = inputOf(call, body, null);
  return created(call, call.context.database.write((content) => {
    const trigger = touch<ProjectTrigger>(call, { Id: nextId(content, 'ProjectTriggers'), SpaceId: call.space.Id, ...input });
    content.Collections.ProjectTriggers.push(trigger);
    return resource(call, trigger);
  }));
}

/** Scheduled triggers of runbooks (octopus-rest.md 6.4). They are kept and checked, but the sandbox has no calendar: it never starts one. */
export function projectTriggerRoutes(router: Router): void {
  readRoutes(router, { noun: 'projecttriggers', collection: 'ProjectTriggers', itemType: 'ProjectTrigger', permission: 'TriggerView', toResource: resource });
  router.space('POST', '/projecttriggers', { permission: 'TriggerCreate' }, (call) => create(call, bodyOf(call.body)));
  router.space('POST', '/projects/:project/triggers', { permission: 'TriggerCreate' }, (call) => create(call, { ...bodyOf(call.body), ProjectId: projectOf(call, call.params.project ?? '').Id }));
  router.space('PUT', '/projecttriggers/:id', { permission: 'TriggerEdit' }, (call) => {
    const current = inSpace(call, call.all.ProjectTriggers, call.params.id ?? '');
    const input = inputOf(call, bodyOf(call.body), current);
    return call.context.database.write(({ Collections }) => resource(call, touch(call, Object.assign(inSpace(call, Collections.ProjectTriggers, current.Id), input))));
  });
  router.space('DELETE', '/projecttriggers/:id', { permission: 'TriggerDelete' }, (call) => {
    const { Id } = inSpace(call, call.all.ProjectTriggers, call.params.id ?? '');
    call.context.database.write(({ Collections }) => {
      Collections.ProjectTriggers = Collections.ProjectTriggers.filter((each) => each.Id !== Id);
    });
    return {};
  });
}
