import { type ArtifactStore } from '../artifacts.ts';
import { bodyOf, BodyReader } from './body.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { notFound } from './errors.ts';
import { query } from './paging.ts';
import { created, inSpace, type Router, type SpaceCall } from './router.ts';
import { uploadedFile } from './upload.ts';
import type { Artifact } from '../database/documents.ts';

function resource(call: SpaceCall, artifact: Artifact): Record<string, unknown> {
  const { HasContent: _content, ...shown } = artifact;
  return { ...shown, ...selfLink(call, 'artifacts', artifact.Id, { Content: `${pathOf(call, 'artifacts', artifact.Id)}/content` }) };
}

/** Artifacts with their bytes (octopus-rest.md 7.4). */
export function artifactRoutes(router: Router, store: ArtifactStore): void {
  readRoutes(router, { noun: 'artifacts', collection: 'Artifacts', itemType: 'Artifact', permission: 'ArtifactView', toResource: resource,
    where: (call, artifact) => (query(call, 'regarding') ?? artifact.ServerTaskId).toLowerCase() === artifact.ServerTaskId.toLowerCase(),
    order: (a, b) => Number(b.Id.split('-')[1]) - Number(a.Id.split('-')[1]) });
  router.space('POST', '/artifacts', { permission: 'ArtifactCreate' }, (call) => {
    const read = new BodyReader(bodyOf(call.body));
    const [Filename, ServerTaskId] = [read.text('Filename'), read.text('ServerTaskId')];
    const [Source, LogCorrelationId] = [read.text('Source', ''), read.text('LogCorrelationId', '')];
    if (ServerTaskId !== '' && !call.all.ServerTasks.some(({ Id, SpaceId }) => Id === ServerTaskId && SpaceId === call.space.Id)) read.complain(`The task '${ServerTaskId}' does not exist in this space.`);
    read.check();
    return created(call, resource(call, store.add({ SpaceId: call.space.Id, Filename, ServerTaskId, Source: Source || null, LogCorrelationId: LogCorrelationId || null })));
  });
  router.space('PUT', '/artifacts/:id/content', { permission: 'ArtifactEdit' }, async (call) => {
    const { Id } = inSpace(call, call.all.Artifacts, call.params.id ?? '');
    store.setContent(Id, call.request.isMultipart() ? (await uploadedFile(call)).content : call.bytes);
    call.reply.code(204);
  });
  router.space('GET', '/artifacts/:id/content', { permission: 'ArtifactView' }, (call) => {
    const artifact = inSpace(call, call.all.Artifacts, call.params.id ?? '');
    const content = store.content(artifact.Id);
    if (!content) throw notFound(`${artifact.Id}/content`);
    call.reply.type('application/octet-stream').header('content-disposition', `attachment; filename="${encodeURIComponent(artifact.Filename)}"`);
    return content;
  });
  router.space('DELETE', '/artifacts/:id', { permission: 'ArtifactDelete' }, (call) => {
    store.remove(inSpace(call, call.all.Artifacts, call.params.id ?? '').Id);
    return {};
  });
}
