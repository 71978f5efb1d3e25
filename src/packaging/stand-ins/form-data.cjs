// axios loads form-data for multipart bodies made of fields; ours are made by hand (src/octopus/packages.ts), and its table of media types alone weighs 137 kB.
module.exports = class FormData {};
