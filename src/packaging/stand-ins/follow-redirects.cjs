// axios loads follow-redirects for redirections; ours are refused (src/octopus/http.ts, `maxRedirects: 0`), and then axios uses Node's own modules anyway.
module.exports = { http: require('node:http'), https: require('node:https') };
