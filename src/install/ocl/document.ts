/** OCL as OctopusDeploy/Ocl defines it: attributes and blocks, in order. */
export type OclValue = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;
export interface OclAttribute { kind: 'attribute'; name: string; value: OclValue }
export interface OclBlock { kind: 'block'; name: string; labels: readonly string[]; body: readonly OclElement[] }
export type OclElement = OclAttribute | OclBlock;

export const attribute = (name: string, value: OclValue): OclAttribute => ({ kind: 'attribute', name, value });
export const block = (name: string, labels: readonly string[], body: readonly OclElement[]): OclBlock => ({ kind: 'block', name, labels, body });
