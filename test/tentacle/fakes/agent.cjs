// The running Tentacle: reads its trust once, says so in its log, listens with TLS, and runs the scripts handed to it over a socket.
const { spawn } = require('node:child_process');
const { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const tls = require('node:tls');
const dir = process.env.FAKE_DIR;
const world = require('./store.cjs').world();
const log = (text) => appendFileSync(`${dir}/Logs/OctopusTentacle.txt`, `2026-11-24 06:00:00.0000 ${String(process.pid).padStart(6)}      1  INFO  ${text}\n`);

// A list that makes the agent fail: what a restart must be saved from.
if (existsSync(`${dir}/poison`) && world.trusted.some((entry) => entry.Thumbprint === readFileSync(`${dir}/poison`, 'utf8'))) process.exit(100);
mkdirSync(`${dir}/Logs`, { recursive: true });
for (const entry of world.trusted) log(`Agent will trust Octopus Servers with the thumbprint: ${entry.Thumbprint}`);
if (world.trusted.length === 0) log('The agent is not configured to trust any Octopus Servers.');
for (const entry of world.trusted) {
  if (![2, 11].includes(entry.CommunicationStyle) || existsSync(`${dir}/polls-nothing`)) continue;
  if (entry.Address === null || entry.SubscriptionId === null) log(`Configured to connect to server ${JSON.stringify(entry)}, but its configuration is incomplete; skipping.`);
  else log(`Agent will poll Octopus Server at ${new URL(entry.Address).href} for subscription ${entry.SubscriptionId} expecting thumbprint ${entry.Thumbprint}`);
}
const listener = tls.createServer({ pfx: readFileSync(process.env.FAKE_PFX), passphrase: '', requestCert: true, rejectUnauthorized: false }, (socket) => {
  socket.on('error', () => {});
  socket.resume();
});
listener.listen(world.port, '127.0.0.1', () => {
  log(`Agent listening on: 127.0.0.1:${world.port}`);
  const socketPath = `${dir}/agent.sock`;
  rmSync(socketPath, { force: true });
  net.createServer((client) => {
    let script = '';
    client.setEncoding('utf8').on('data', (text) => {
      script += text;
      if (!script.endsWith('\0')) return;
      const child = spawn('bash', ['-c', script.slice(0, -1)], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TentacleHome: dir, TentacleInstanceName: 'My Tentacle', TentacleExecutablePath: `${dir}/bin/Tentacle` } });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (bytes) => (stdout += bytes));
      child.stderr.on('data', (bytes) => (stderr += bytes));
      child.on('close', (code) => client.end(JSON.stringify({ code, stdout, stderr })));
    });
    client.on('error', () => {});
  }).listen(socketPath, () => writeFileSync(`${dir}/main.pid`, String(process.pid)));
});
process.on('SIGTERM', () => process.exit(143));
