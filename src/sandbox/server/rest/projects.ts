import { bodyOf, BodyReader } from './body.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { badRequest, notFound } from './errors.ts';
import { created, ofSpace, touch, type Router, type SpaceCall } from './router.ts';
import { nextId } from '../database/database.ts';
import { slugOf } from '../slug.ts';
import type { Project } from '../database/documents.ts';

function resource(call: SpaceCall, project: Project): Record<string, unknown> {
  const self = pathOf(call, 'projects', project.Id);
  return { ...project, ...selfLink(call, 'projects', project.Id, { Variables: pathOf(call, 'variables', project.VariableSetId), Runbooks: `${self}/runbooks{/id}{?skip,take,ids,partialName}`, RunbookSnapshots: `${self}/runbookSnapshots{/name}{?skip,take,searchByName}`, Triggers: `${self}/triggers{/id}{?skip,take}` }) };
}

/** By id, name or slug: the Go CLI asks by name (octopus-rest.md 11.2). */
export function projectOf(call: SpaceCall, idOrName: string): Project {
  const wanted = idOrName.toLowerCase();
  const project = ofSpace(call, call.all.Projects).find(({ Id, Name, Slug }) => Id.toLowerCase() === wanted || Slug === wanted || Name.toLowerCase() === wanted);
  if (!project) throw notFound(idOrName);
  return project;
}

interface ProjectInput { Name: string; Description: string; ProjectGroupId: string; LifecycleId: string; IncludedLibraryVariableSetIds: string[]; IsDisabled: boolean }

function projectFrom(call: SpaceCall, current: Project | null): ProjectInput {
  const read = new BodyReader(bodyOf(call.body));
  const Name = read.text('Name');
  const ProjectGroupId = read.text('ProjectGroupId');
  const LifecycleId = read.text('LifecycleId');
  const IncludedLibraryVariableSetIds = read.texts('IncludedLibraryVariableSetIds', current?.IncludedLibraryVariableSetIds ?? []);
  if (!ofSpace(call, call.all.ProjectGroups).some(({ Id }) => Id === ProjectGroupId)) read.complain(`The project group '${ProjectGroupId}' does not exist.`);
  if (!ofSpace(call, call.all.Lifecycles).some(({ Id }) => Id === LifecycleId)) read.complain(`The lifecycle '${LifecycleId}' does not exist.`);
  IncludedLibraryVariableSetIds.filter((id) => !ofSpace(call, call.all.LibraryVariableSets).some((set) => set.Id === id)).forEach((id) => read.complain(`The library variable set '${id}' does not exist.`));
  if (ofSpace(call, call.all.Projects).some((other) => other.Id !== current?.Id && other.Name.toLowerCase() === Name.toLowerCase())) read.complain(`A project with the name '${Name}' already exists. Please choose a different name.`);
  const IsDisabled = read.flag('IsDisabled', false);
  const Description = read.text('Description', '');
  read.check();
  return { Name, Description, ProjectGroupId, LifecycleId, IncludedLibraryVariableSetIds, IsDisabled };
}

export function projectRoutes(router: Router): void {
  router.space('POST', '/projects', { permission: 'ProjectCreate' }, (call) => {
    const input = projectFrom(call, null);
    return created(call, call.context.database.write((content) => {
      const Id = nextId(content, 'Projects');
      const project = touch<Project>(call, { Id, SpaceId: call.space.Id, Slug: slugOf(input.Name), VariableSetId: `variableset-${Id}`, TenantedDeploymentMode: 'Untenanted', PersistenceSettings: { Type: 'Database' }, ...input });
      content.Collections.Projects.push(project);
      content.Collections.VariableSets.push({ Id: project.VariableSetId, SpaceId: call.space.Id, OwnerId: Id, Version: 0, Variables: [] });
      return resource(call, project);
    }));
  });
  router.space('PUT', '/projects/:id', { permission: 'ProjectEdit' }, (call) => {
    const current = projectOf(call, call.params.id ?? '');
    const input = projectFrom(call, current);
    return call.context.database.write(({ Collections }) => {
      const stored = Collections.Projects.find(({ Id }) => Id === current.Id) as Project;
      return resource(call, touch(call, Object.assign(stored, input)));
    });
  });
  router.space('DELETE', '/projects/:id', { permission: 'ProjectDelete' }, (call) => {
    const { Id, VariableSetId } = projectOf(call, call.params.id ?? '');
    call.context.database.write(({ Collections: all }) => {
      if (all.ServerTasks.some((task) => task.ProjectId === Id && task.CompletedTime === null)) throw badRequest('The project has unfinished tasks.');
      const keep = <T extends { ProjectId: string }>(items: T[]) => items.filter((item) => item.ProjectId !== Id);
      Object.assign(all, { Runbooks: keep(all.Runbooks), RunbookProcesses: keep(all.RunbookProcesses), RunbookSnapshots: keep(all.RunbookSnapshots), RunbookRuns: keep(all.RunbookRuns), ProjectTriggers: keep(all.ProjectTriggers) });
      all.Projects = all.Projects.filter((project) => project.Id !== Id);
      all.VariableSets = all.VariableSets.filter((set) => set.Id !== VariableSetId && !set.Id.startsWith(`${VariableSetId}-s-`));
    });
    return {};
  });
  readRoutes(router, { noun: 'projects', collection: 'Projects', itemType: 'Project', permission: 'ProjectView', toResource: resource, one: (call, id) => projectOf(call, id) });
}
