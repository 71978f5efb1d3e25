import { compareVersions, parsePackageName, type OverwriteMode, type PackageStore } from '../packages.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { badRequest, RestError } from './errors.ts';
import { page, query } from './paging.ts';
import { inSpace, ofSpace, type Router, type SpaceCall } from './router.ts';
import { uploadedFile } from './upload.ts';
import type { PackageFile } from '../database/documents.ts';

const modes: OverwriteMode[] = ['FailIfExists', 'OverwriteExisting', 'IgnoreIfExists'];

function resource(call: SpaceCall, item: PackageFile): Record<string, unknown> {
  const { File: _file, ...shown } = item;
  return { ...shown, Title: item.PackageId, Summary: null, Description: '', NuGetPackageId: item.PackageId, NuGetFeedId: item.FeedId, ...selfLink(call, 'packages', item.Id, { Raw: `${pathOf(call, 'packages', item.Id)}/raw` }) };
}

function modeOf(call: SpaceCall): OverwriteMode {
  const asked = query(call, 'overwriteMode');
  if (asked === undefined || asked === '') return query(call, 'replace')?.toLowerCase() === 'true' ? 'OverwriteExisting' : 'FailIfExists';
  const mode = modes.find((candidate) => candidate.toLowerCase() === asked.toLowerCase());
  if (!mode) throw badRequest(`The overwrite mode '${asked}' is not known.`);
  return mode;
}

const newestFirst = (a: PackageFile, b: PackageFile) => a.PackageId.localeCompare(b.PackageId, 'en') || compareVersions(b.Version, a.Version);

/** The built-in feed: push, list, download, search (octopus-rest.md 7.2). */
export function packageRoutes(router: Router, store: PackageStore): void {
  readRoutes(router, { noun: 'packages', collection: 'Packages', itemType: 'Package', permission: 'FeedView', toResource: resource, order: newestFirst,
    where: (call, item) => (query(call, 'nuGetPackageId') ?? item.PackageId).toLowerCase() === item.PackageId.toLowerCase() });
  router.space('POST', '/packages/raw', { permission: 'BuiltInFeedPush' }, async (call) => {
    const mode = modeOf(call);
    const { fileName, content } = await uploadedFile(call);
    if (!parsePackageName(fileName)) throw badRequest(`Could not determine the package id and version from the file name '${fileName}'. Expected: Id.Version.ext, with ext zip, tar.gz or nupkg.`);
    const feed = ofSpace(call, call.all.Feeds).find(({ FeedType }) => FeedType === 'BuiltIn');
    const pushed = store.push(call.space.Id, feed?.Id ?? 'feeds-builtin', fileName, content, mode);
    if (!pushed) throw new RestError(409, 'A package with the same ID and version already exists. If you want to force this package to be replaced, use the overwriteMode OverwriteExisting.');
    call.reply.code(pushed.outcome === 'created' ? 201 : 200);
    if (pushed.outcome === 'created') call.context.truth.event('package-pushed', { package: pushed.item.PackageId, version: pushed.item.Version });
    return resource(call, pushed.item);
  });
  router.space('GET', '/packages/:id/raw', { permission: 'BuiltInFeedDownload' }, (call) => {
    const item = inSpace(call, call.all.Packages, call.params.id ?? '');
    call.reply.type('application/octet-stream').header('content-disposition', `attachment; filename="${item.PackageId}.${item.Version}${item.FileExtension}"`);
    return store.content(item);
  });
  router.space('DELETE', '/packages/:id', { permission: 'BuiltInFeedAdminister' }, (call) => {
    const { Id } = inSpace(call, call.all.Packages, call.params.id ?? '');
    call.context.database.write(({ Collections }) => {
      Collections.Packages = Collections.Packages.filter((item) => item.Id !== Id);
    });
    return {};
  });
  router.space('GET', '/feeds/:id/packages/versions', { permission: 'FeedView' }, (call) => {
    const feed = inSpace(call, call.all.Feeds, call.params.id ?? '');
    const packageId = query(call, 'packageId')?.toLowerCase() ?? '';
    return page(call, 'PackageVersion', `${pathOf(call, 'feeds', feed.Id)}/packages/versions`, ofSpace(call, call.all.Packages).filter((item) => item.PackageId.toLowerCase() === packageId).sort(newestFirst), (item) => resource(call, item));
  });
  router.space('GET', '/feeds/:id/packages/search', { permission: 'FeedView' }, (call) => {
    const feed = inSpace(call, call.all.Feeds, call.params.id ?? '');
    const term = query(call, 'term')?.toLowerCase() ?? '';
    const newest = [...new Map(ofSpace(call, call.all.Packages).sort(newestFirst).reverse().map((item) => [item.PackageId.toLowerCase(), item])).values()];
    return page(call, 'PackageDescription', `${pathOf(call, 'feeds', feed.Id)}/packages/search`, newest.filter(({ PackageId }) => PackageId.toLowerCase().includes(term)), (item) => ({ Id: item.PackageId, Name: item.PackageId, LatestVersion: item.Version, Links: {} }));
  });
}
