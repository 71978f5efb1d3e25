// axios loads https-proxy-agent for requests through a proxy; ours go straight to the server (src/octopus/http.ts, `proxy: false`).
module.exports = class HttpsProxyAgent {};
