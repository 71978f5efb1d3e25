/** Names that package, step templates and the installer share. */
export const PACKAGE_ID = 'octopus-rotation';

/** Prefix of every template parameter. Never that of the project's variables: a value that names itself ends Calamari (step-packages.md 8.2). */
export const PARAMETER_PREFIX = 'OctopusRotation.';

/** Least major version of Node.js that the bundles run on. */
export const LEAST_NODE = 18;
