// A stand-in for Octopus' closed bootstrapper of step packages, written from step-packages.md 4: the same command line, the same encrypted
// variables file, the context's calls as service messages.
'use strict';
const { createDecipheriv, pbkdf2Sync } = require('node:crypto');
const { readFileSync, statSync } = require('node:fs');
const { join } = require('node:path');

const [command, folder, variablesFile, password, salt, inputsName] = process.argv.slice(2);
if (command.toLowerCase() !== 'execute') throw new Error(`The command ${command} is not known.`);

const bytes = readFileSync(variablesFile);
if (bytes.subarray(0, 4).toString('latin1') !== 'IV__') throw new Error('The variables file does not begin with IV__.');
const decipher = createDecipheriv('aes-256-cbc', pbkdf2Sync(password, salt, 1000, 32, 'sha1'), bytes.subarray(4, 20));
const variables = JSON.parse(Buffer.concat([decipher.update(bytes.subarray(20)), decipher.final()]).toString('utf8'));

const message = (name, attributes = {}) => `##octopus[${name}${Object.entries(attributes).map(([key, value]) => ` ${key}='${Buffer.from(value, 'utf8').toString('base64')}'`).join('')}]`;
const write = (line) => process.stdout.write(`${line}\n`);
const level = (name) => (text) => write(`${message(`stdout-${name}`)}\n${text}\n${message('stdout-default')}`);
const context = {
  print: write,
  printVerbose: level('verbose'),
  printHighlight: level('highlight'),
  printWait: level('wait'),
  printWarning: level('warning'),
  getOctopusVariable: (name) => variables[name],
  setOctopusVariable: (name, value, sensitive) => write(message('setVariable', { name, value, ...(sensitive ? { sensitive: 'True' } : {}) })),
  failStep: (text = '') => { throw new Error(text); },
  createArtifact: async (path, name = path) => write(message('createArtifact', { path, name, length: String(statSync(path).size) })),
  updateProgress: (percentage, text = '') => write(message('progress', { percentage: String(percentage), message: text })),
};

const loaded = require(join(folder, 'executor.js'));
const execute = typeof loaded === 'function' ? loaded : loaded.default;
execute({ inputs: JSON.parse(variables[inputsName]), target: {}, context }).catch((error) => {
  write(message('resultMessage', { message: error.message }));
  process.exitCode = 1;
});
