import { attachArtifact } from './artifacts.ts';
import { readCapabilities, type Capabilities } from './capabilities.ts';
import type { CreateOctopusClient } from './contract.ts';
import { createHttp } from './http.ts';
import { createLibrarySet, readLibrarySet, writeLibrarySet } from './library-sets.ts';
import { drainNode, readNodes } from './nodes.ts';
import { readPermissions } from './permissions.ts';
import { readRegistration, readRegistrations, setDisabled, setThumbprint } from './registrations.ts';
import { readResources } from './resources.ts';
import { queueRun } from './runbook-runs.ts';
import { readAbout, readCertificate } from './server.ts';
import { readSpaces } from './spaces.ts';
import { queueHealthCheck, queueRegenerateTask, queueScript, queueTrustTask, readActivity, readTask, readTasks, waitForTask } from './tasks.ts';

/** The client that phases, relay and installer are handed; see contract.ts. Holds no state beyond its connection settings and what the server can do. */
export const createOctopusClient: CreateOctopusClient = (options) => {
  const http = createHttp(options);
  let known: Promise<Capabilities> | undefined;
  const capabilities = (): Promise<Capabilities> => (known ??= readCapabilities(http).catch((error: unknown) => {
    known = undefined;
    throw error;
  }));
  return {
    url: http.url,
    about: () => readAbout(http),
    certificate: () => readCertificate(http),
    nodes: () => readNodes(http),
    drain: (nodeId, draining) => drainNode(http, nodeId, draining),
    spaces: () => readSpaces(http),
    permissions: () => readPermissions(http),
    environments: async (spaceId) => (await readResources(http, spaceId, 'environments')).map(({ id, name }) => ({ id, name })),
    registrations: (spaceId) => readRegistrations(http, spaceId),
    registration: (named) => readRegistration(http, named),
    setThumbprint: (named, thumbprint, known) => setThumbprint(http, named, thumbprint, known),
    setDisabled: (registration, disabled) => setDisabled(http, registration, disabled),
    runTrustTask: (trust) => queueTrustTask(http, trust),
    capabilities,
    runRegenerateTask: (task) => queueRegenerateTask(http, task),
    runScript: (script) => queueScript(http, script),
    checkHealth: (check) => queueHealthCheck(http, check),
    task: (id) => readTask(http, id),
    tasks: (filter) => readTasks(http, filter),
    activity: (id) => readActivity(http, id),
    waitForTask: (id, wait) => waitForTask(http, id, wait),
    librarySet: (spaceId, name) => readLibrarySet(http, spaceId, name),
    createLibrarySet: (spaceId, name, description) => createLibrarySet(http, spaceId, name, description),
    writeLibrarySet: (spaceId, set, variables) => writeLibrarySet(http, spaceId, set, variables),
    runRunbook: (run) => queueRun(http, run),
    attach: (artifact) => attachArtifact(http, artifact),
  };
};
