// @ts-nocheck Generated from schemas/journal.schema.json and schemas/lease.schema.json by src/packaging/validators.mjs. Do not edit.
/* eslint-disable */
const refused = (instancePath, keyword, params) => ({ instancePath, keyword, params });
"use strict";
export const entryIsValid = validate21;
const schema6 = {"$schema":"http://json-schema.org/draft-07/schema#","$id":"https://octopus-rotation/schemas/journal.json","title":"Journal entry","description":"One line of the journal of a rotation (src/journal/contract.ts).","type":"object","additionalProperties":false,"required":["sequence","at","fence","runner","taskId","phase","kind","subject","data","previous","mac"],"properties":{"sequence":{"type":"integer","minimum":0},"at":{"$ref":"#/definitions/moment"},"fence":{"type":"integer","minimum":0},"runner":{"enum":["runbook","relay","terminal"]},"taskId":{"type":["string","null"]},"phase":{"type":"string"},"kind":{"type":"string"},"subject":{"type":"string","pattern":"."},"data":{"type":"object"},"previous":{"$ref":"#/definitions/sha256"},"mac":{"$ref":"#/definitions/sha256"}},"discriminator":{"propertyName":"kind"},"oneOf":[{"properties":{"kind":{"const":"opened"},"data":{"type":"object","additionalProperties":false,"required":["rotation","installationId","serverUrl","serverVersion","host","spaceId","projectName","runbookName","environmentName","forced","why"],"properties":{"rotation":{"const":"server-certificate"},"installationId":{"type":"string"},"serverUrl":{"type":"string"},"serverVersion":{"type":"string"},"host":{"type":"string"},"spaceId":{"type":"string"},"projectName":{"type":"string"},"runbookName":{"type":"string"},"environmentName":{"type":"string"},"forced":{"type":["string","null"]},"why":{"type":"string"}}}}},{"properties":{"kind":{"const":"planned"},"data":{"type":"object","additionalProperties":false,"required":["planHash","old","oldSignature","nodes","spaces","machines","outOfScope","options","notTouched"],"properties":{"planHash":{"type":"string"},"old":{"$ref":"#/definitions/thumbprint"},"oldSignature":{"type":"string"},"nodes":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["id","name"],"properties":{"id":{"type":"string"},"name":{"type":"string"}}}},"spaces":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["id","name","targets","workers"],"properties":{"id":{"type":"string"},"name":{"type":"string"},"targets":{"type":"integer","minimum":0},"workers":{"type":"integer","minimum":0}}}},"machines":{"type":"array","items":{"$ref":"#/definitions/machine"}},"outOfScope":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["name","kind","spaceName","reason"],"properties":{"name":{"type":"string"},"kind":{"type":"string"},"spaceName":{"type":"string"},"reason":{"type":"string"}}}},"options":{"$ref":"#/definitions/options"},"notTouched":{"type":"array","items":{"type":"string"}}}}}},{"properties":{"kind":{"const":"new-certificate"},"data":{"type":"object","additionalProperties":false,"required":["thumbprint","sha256","notAfter","signatureAlgorithm","keyBits"],"properties":{"thumbprint":{"$ref":"#/definitions/thumbprint"},"sha256":{"type":"string","pattern":"^[0-9A-Fa-f]{64}$"},"notAfter":{"type":"string"},"signatureAlgorithm":{"type":"string"},"keyBits":{"type":"integer","minimum":0}}}}},{"properties":{"kind":{"const":"intent"},"data":{"type":"object","additionalProperties":false,"required":["effect","detail"],"properties":{"effect":{"$ref":"#/definitions/word"},"detail":{"type":"object","additionalProperties":{"type":["string","number","boolean","null"]}}}}}},{"properties":{"kind":{"const":"done"},"data":{"type":"object","additionalProperties":false,"required":["effect","detail"],"properties":{"effect":{"$ref":"#/definitions/word"},"detail":{"type":"object","additionalProperties":{"type":["string","number","boolean","null"]}}}}}},{"properties":{"kind":{"const":"proved"},"data":{"type":"object","additionalProperties":false,"required":["claim","how","detail"],"properties":{"claim":{"$ref":"#/definitions/claim"},"how":{"enum":["wire","read-back","rest","file"]},"detail":{"type":"object","additionalProperties":{"type":["string","number","boolean","null"]}}}}}},{"properties":{"kind":{"const":"unproved"},"data":{"type":"object","additionalProperties":false,"required":["claim","verdict","reason"],"properties":{"claim":{"$ref":"#/definitions/claim"},"verdict":{"enum":["no","unknown"]},"reason":{"type":"string"}}}}},{"properties":{"kind":{"const":"left-behind"},"data":{"type":"object","additionalProperties":false,"required":["reason","text","waiver"],"properties":{"reason":{"enum":["off","disabled","unreachable","refused","failed","deferred","wrong-peer","waived","web-socket"]},"text":{"type":"string"},"waiver":{"anyOf":[{"type":"null"},{"$ref":"#/definitions/waiver"}]}}}}},{"properties":{"kind":{"const":"caught-up"},"data":{"type":"object","additionalProperties":false,"required":[],"properties":{}}}},{"properties":{"kind":{"const":"foreign-trust"},"data":{"type":"object","additionalProperties":false,"required":["thumbprints"],"properties":{"thumbprints":{"type":"array","items":{"type":"string"}}}}}},{"properties":{"kind":{"const":"phase-started"},"data":{"type":"object","additionalProperties":false,"required":["phase"],"properties":{"phase":{"$ref":"#/definitions/word"}}}}},{"properties":{"kind":{"const":"phase-finished"},"data":{"type":"object","additionalProperties":false,"required":["phase","outcome","outputs","refusals"],"properties":{"phase":{"$ref":"#/definitions/word"},"outcome":{"enum":["continue","stop","handed-over","refused","failed"]},"outputs":{"type":"object","additionalProperties":{"type":"string"}},"refusals":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["code","message","next"],"properties":{"code":{"type":"string"},"message":{"type":"string"},"next":{"type":"string"}}}}}}}},{"properties":{"kind":{"const":"handed-over"},"data":{"type":"object","additionalProperties":false,"required":["job","unit","relaySha256"],"properties":{"job":{"type":"string"},"unit":{"type":"string"},"relaySha256":{"$ref":"#/definitions/sha256"}}}}},{"properties":{"kind":{"const":"relay-stage"},"data":{"type":"object","additionalProperties":false,"required":["stage","text"],"properties":{"stage":{"type":"string"},"text":{"type":"string"}}}}},{"properties":{"kind":{"const":"run-queued"},"data":{"type":"object","additionalProperties":false,"required":["taskId","snapshot"],"properties":{"taskId":{"type":"string"},"snapshot":{"type":"string"}}}}},{"properties":{"kind":{"const":"ended"},"data":{"type":"object","additionalProperties":false,"required":["outcome"],"properties":{"outcome":{"enum":["completed","rolled-back","abandoned"]}}}}}],"definitions":{"thumbprint":{"type":"string","pattern":"^[0-9A-F]{40}$"},"sha256":{"type":"string","pattern":"^[0-9a-f]{64}$"},"word":{"type":"string","pattern":"^[a-z0-9][a-z0-9-]*$"},"moment":{"type":"string","pattern":"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$"},"claim":{"enum":["old-backed-up","new-stored","relay-ready","database-shows-new","node-presents-new","database-shows-old","node-presents-old","trusts-new","trusts-old","trust-written","distrusts-old","distrusts-new","healthy","healthy-after-swap","healthy-after-retire","verified","abandoned","rolled-back"]},"waiver":{"type":"object","additionalProperties":false,"required":["machine","by","reason","until"],"properties":{"machine":{"type":"string"},"by":{"type":"string"},"reason":{"type":"string"},"until":{"type":"string"}}},"options":{"type":"object","additionalProperties":false,"required":["offlineMachines","enableDisabled","pollingRoute","waves","atOnce","waivers","drainLimitMinutes","restartWatchSeconds"],"properties":{"offlineMachines":{"enum":["refuse","leave-behind"]},"waivers":{"type":"array","items":{"$ref":"#/definitions/waiver"}},"drainLimitMinutes":{"type":"number","minimum":0},"restartWatchSeconds":{"type":"number","minimum":0},"enableDisabled":{"type":"boolean"},"pollingRoute":{"enum":["twin","update-trust"]},"waves":{"type":"object","additionalProperties":false,"required":["by","size","canaries","stopAfter"],"properties":{"by":{"enum":["size","environment"]},"size":{"type":"integer","minimum":1},"canaries":{"type":"integer","minimum":0},"stopAfter":{"type":"integer","minimum":0}}},"atOnce":{"type":"integer","minimum":1}}},"machine":{"type":"object","additionalProperties":false,"required":["key","aliases","name","own","uri","address","route","shell","isHost","isDisabled","viaProxy","environmentIds","registrations"],"properties":{"key":{"type":"string","pattern":"."},"name":{"type":"string"},"own":{"$ref":"#/definitions/thumbprint"},"uri":{"type":"string"},"route":{"enum":["listening","polling"]},"isHost":{"type":"boolean"},"isDisabled":{"type":"boolean"},"viaProxy":{"type":"boolean"},"registrations":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["id","kind","spaceId","spaceName","name","isDisabled"],"properties":{"id":{"type":"string"},"kind":{"enum":["target","worker"]},"spaceId":{"type":"string"},"spaceName":{"type":"string"},"name":{"type":"string"},"isDisabled":{"type":"boolean"}}}},"address":{"anyOf":[{"type":"null"},{"type":"object","additionalProperties":false,"required":["host","port"],"properties":{"host":{"type":"string"},"port":{"type":"integer","minimum":1,"maximum":65535}}}]},"shell":{"enum":["Bash","PowerShell"]},"environmentIds":{"type":"array","items":{"type":"string"}},"aliases":{"type":"array","items":{"type":"string"}}}}}};
const func2 = Object.prototype.hasOwnProperty;
const schema7 = {"type":"string","pattern":"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$"};
const pattern0 = new RegExp("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$", "u");

function validate22(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(errors === 0){
if(typeof data === "string"){
if(!pattern0.test(data)){
validate22.errors = [{instancePath,keyword:"pattern",params:{pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$"}}];
return false;
}
}
else {
validate22.errors = [refused(instancePath, "type", {type: "string"})];
return false;
}
}
validate22.errors = vErrors;
return errors === 0;
}

const schema8 = {"type":"string","pattern":"^[0-9a-f]{64}$"};
const pattern2 = new RegExp("^[0-9a-f]{64}$", "u");

function validate24(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(errors === 0){
if(typeof data === "string"){
if(!pattern2.test(data)){
validate24.errors = [{instancePath,keyword:"pattern",params:{pattern: "^[0-9a-f]{64}$"}}];
return false;
}
}
else {
validate24.errors = [refused(instancePath, "type", {type: "string"})];
return false;
}
}
validate24.errors = vErrors;
return errors === 0;
}

const schema9 = {"type":"string","pattern":"^[0-9A-F]{40}$"};
const pattern3 = new RegExp("^[0-9A-F]{40}$", "u");

function validate27(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(errors === 0){
if(typeof data === "string"){
if(!pattern3.test(data)){
validate27.errors = [{instancePath,keyword:"pattern",params:{pattern: "^[0-9A-F]{40}$"}}];
return false;
}
}
else {
validate27.errors = [refused(instancePath, "type", {type: "string"})];
return false;
}
}
validate27.errors = vErrors;
return errors === 0;
}

const schema10 = {"type":"object","additionalProperties":false,"required":["key","aliases","name","own","uri","address","route","shell","isHost","isDisabled","viaProxy","environmentIds","registrations"],"properties":{"key":{"type":"string","pattern":"."},"name":{"type":"string"},"own":{"$ref":"#/definitions/thumbprint"},"uri":{"type":"string"},"route":{"enum":["listening","polling"]},"isHost":{"type":"boolean"},"isDisabled":{"type":"boolean"},"viaProxy":{"type":"boolean"},"registrations":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["id","kind","spaceId","spaceName","name","isDisabled"],"properties":{"id":{"type":"string"},"kind":{"enum":["target","worker"]},"spaceId":{"type":"string"},"spaceName":{"type":"string"},"name":{"type":"string"},"isDisabled":{"type":"boolean"}}}},"address":{"anyOf":[{"type":"null"},{"type":"object","additionalProperties":false,"required":["host","port"],"properties":{"host":{"type":"string"},"port":{"type":"integer","minimum":1,"maximum":65535}}}]},"shell":{"enum":["Bash","PowerShell"]},"environmentIds":{"type":"array","items":{"type":"string"}},"aliases":{"type":"array","items":{"type":"string"}}}};
const pattern1 = new RegExp(".", "u");

function validate29(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if((((((((((((((data.key === undefined) && (missing0 = "key")) || ((data.aliases === undefined) && (missing0 = "aliases"))) || ((data.name === undefined) && (missing0 = "name"))) || ((data.own === undefined) && (missing0 = "own"))) || ((data.uri === undefined) && (missing0 = "uri"))) || ((data.address === undefined) && (missing0 = "address"))) || ((data.route === undefined) && (missing0 = "route"))) || ((data.shell === undefined) && (missing0 = "shell"))) || ((data.isHost === undefined) && (missing0 = "isHost"))) || ((data.isDisabled === undefined) && (missing0 = "isDisabled"))) || ((data.viaProxy === undefined) && (missing0 = "viaProxy"))) || ((data.environmentIds === undefined) && (missing0 = "environmentIds"))) || ((data.registrations === undefined) && (missing0 = "registrations"))){
validate29.errors = [refused(instancePath, "required", {missingProperty: missing0})];
return false;
}
else {
const _errs1 = errors;
for(const key0 in data){
if(!(func2.call(schema10.properties, key0))){
validate29.errors = [refused(instancePath, "additionalProperties", {additionalProperty: key0})];
return false;
break;
}
}
if(_errs1 === errors){
if(data.key !== undefined){
let data0 = data.key;
const _errs2 = errors;
if(errors === _errs2){
if(typeof data0 === "string"){
if(!pattern1.test(data0)){
validate29.errors = [refused(instancePath+"/key", "pattern", {pattern: "."})];
return false;
}
}
else {
validate29.errors = [refused(instancePath+"/key", "type", {type: "string"})];
return false;
}
}
var valid0 = _errs2 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.name !== undefined){
const _errs4 = errors;
if(typeof data.name !== "string"){
validate29.errors = [refused(instancePath+"/name", "type", {type: "string"})];
return false;
}
var valid0 = _errs4 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.own !== undefined){
const _errs6 = errors;
if(!(validate27(data.own, {instancePath:instancePath+"/own",parentData:data,parentDataProperty:"own",rootData}))){
vErrors = vErrors === null ? validate27.errors : vErrors.concat(validate27.errors);
errors = vErrors.length;
}
var valid0 = _errs6 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.uri !== undefined){
const _errs7 = errors;
if(typeof data.uri !== "string"){
validate29.errors = [refused(instancePath+"/uri", "type", {type: "string"})];
return false;
}
var valid0 = _errs7 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.route !== undefined){
let data4 = data.route;
const _errs9 = errors;
if(!((data4 === "listening") || (data4 === "polling"))){
validate29.errors = [refused(instancePath+"/route", "enum", {allowedValues: schema10.properties.route.enum})];
return false;
}
var valid0 = _errs9 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.isHost !== undefined){
const _errs10 = errors;
if(typeof data.isHost !== "boolean"){
validate29.errors = [refused(instancePath+"/isHost", "type", {type: "boolean"})];
return false;
}
var valid0 = _errs10 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.isDisabled !== undefined){
const _errs12 = errors;
if(typeof data.isDisabled !== "boolean"){
validate29.errors = [refused(instancePath+"/isDisabled", "type", {type: "boolean"})];
return false;
}
var valid0 = _errs12 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.viaProxy !== undefined){
const _errs14 = errors;
if(typeof data.viaProxy !== "boolean"){
validate29.errors = [refused(instancePath+"/viaProxy", "type", {type: "boolean"})];
return false;
}
var valid0 = _errs14 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.registrations !== undefined){
let data8 = data.registrations;
const _errs16 = errors;
if(errors === _errs16){
if(Array.isArray(data8)){
var valid1 = true;
const len0 = data8.length;
for(let i0=0; i0<len0; i0++){
let data9 = data8[i0];
const _errs18 = errors;
if(errors === _errs18){
if(data9 && typeof data9 == "object" && !Array.isArray(data9)){
let missing1;
if(((((((data9.id === undefined) && (missing1 = "id")) || ((data9.kind === undefined) && (missing1 = "kind"))) || ((data9.spaceId === undefined) && (missing1 = "spaceId"))) || ((data9.spaceName === undefined) && (missing1 = "spaceName"))) || ((data9.name === undefined) && (missing1 = "name"))) || ((data9.isDisabled === undefined) && (missing1 = "isDisabled"))){
validate29.errors = [refused(instancePath+"/registrations/" + i0, "required", {missingProperty: missing1})];
return false;
}
else {
const _errs20 = errors;
for(const key1 in data9){
if(!((((((key1 === "id") || (key1 === "kind")) || (key1 === "spaceId")) || (key1 === "spaceName")) || (key1 === "name")) || (key1 === "isDisabled"))){
validate29.errors = [refused(instancePath+"/registrations/" + i0, "additionalProperties", {additionalProperty: key1})];
return false;
break;
}
}
if(_errs20 === errors){
if(data9.id !== undefined){
const _errs21 = errors;
if(typeof data9.id !== "string"){
validate29.errors = [refused(instancePath+"/registrations/" + i0+"/id", "type", {type: "string"})];
return false;
}
var valid2 = _errs21 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data9.kind !== undefined){
let data11 = data9.kind;
const _errs23 = errors;
if(!((data11 === "target") || (data11 === "worker"))){
validate29.errors = [refused(instancePath+"/registrations/" + i0+"/kind", "enum", {allowedValues: schema10.properties.registrations.items.properties.kind.enum})];
return false;
}
var valid2 = _errs23 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data9.spaceId !== undefined){
const _errs24 = errors;
if(typeof data9.spaceId !== "string"){
validate29.errors = [refused(instancePath+"/registrations/" + i0+"/spaceId", "type", {type: "string"})];
return false;
}
var valid2 = _errs24 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data9.spaceName !== undefined){
const _errs26 = errors;
if(typeof data9.spaceName !== "string"){
validate29.errors = [refused(instancePath+"/registrations/" + i0+"/spaceName", "type", {type: "string"})];
return false;
}
var valid2 = _errs26 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data9.name !== undefined){
const _errs28 = errors;
if(typeof data9.name !== "string"){
validate29.errors = [refused(instancePath+"/registrations/" + i0+"/name", "type", {type: "string"})];
return false;
}
var valid2 = _errs28 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data9.isDisabled !== undefined){
const _errs30 = errors;
if(typeof data9.isDisabled !== "boolean"){
validate29.errors = [refused(instancePath+"/registrations/" + i0+"/isDisabled", "type", {type: "boolean"})];
return false;
}
var valid2 = _errs30 === errors;
}
else {
var valid2 = true;
}
}
}
}
}
}
}
}
}
else {
validate29.errors = [refused(instancePath+"/registrations/" + i0, "type", {type: "object"})];
return false;
}
}
var valid1 = _errs18 === errors;
if(!valid1){
break;
}
}
}
else {
validate29.errors = [refused(instancePath+"/registrations", "type", {type: "array"})];
return false;
}
}
var valid0 = _errs16 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.address !== undefined){
let data16 = data.address;
const _errs32 = errors;
const _errs33 = errors;
let valid3 = false;
const _errs34 = errors;
if(data16 !== null){
const err0 = refused(instancePath+"/address", "type", {type: "null"});
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
var _valid0 = _errs34 === errors;
valid3 = valid3 || _valid0;
if(!valid3){
const _errs36 = errors;
if(errors === _errs36){
if(data16 && typeof data16 == "object" && !Array.isArray(data16)){
let missing2;
if(((data16.host === undefined) && (missing2 = "host")) || ((data16.port === undefined) && (missing2 = "port"))){
const err1 = refused(instancePath+"/address", "required", {missingProperty: missing2});
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
else {
const _errs38 = errors;
for(const key2 in data16){
if(!((key2 === "host") || (key2 === "port"))){
const err2 = refused(instancePath+"/address", "additionalProperties", {additionalProperty: key2});
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
break;
}
}
if(_errs38 === errors){
if(data16.host !== undefined){
const _errs39 = errors;
if(typeof data16.host !== "string"){
const err3 = refused(instancePath+"/address/host", "type", {type: "string"});
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
var valid4 = _errs39 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data16.port !== undefined){
let data18 = data16.port;
const _errs41 = errors;
if(!(((typeof data18 == "number") && (!(data18 % 1) && !isNaN(data18))) && (isFinite(data18)))){
const err4 = refused(instancePath+"/address/port", "type", {type: "integer"});
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
if(errors === _errs41){
if((typeof data18 == "number") && (isFinite(data18))){
if(data18 > 65535 || isNaN(data18)){
const err5 = refused(instancePath+"/address/port", "maximum", {comparison: "<=", limit: 65535});
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
else {
if(data18 < 1 || isNaN(data18)){
const err6 = refused(instancePath+"/address/port", "minimum", {comparison: ">=", limit: 1});
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
}
}
var valid4 = _errs41 === errors;
}
else {
var valid4 = true;
}
}
}
}
}
else {
const err7 = refused(instancePath+"/address", "type", {type: "object"});
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
var _valid0 = _errs36 === errors;
valid3 = valid3 || _valid0;
}
if(!valid3){
const err8 = refused(instancePath+"/address", "anyOf", {});
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
validate29.errors = vErrors;
return false;
}
else {
errors = _errs33;
if(vErrors !== null){
if(_errs33){
vErrors.length = _errs33;
}
else {
vErrors = null;
}
}
}
var valid0 = _errs32 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.shell !== undefined){
let data19 = data.shell;
const _errs43 = errors;
if(!((data19 === "Bash") || (data19 === "PowerShell"))){
validate29.errors = [refused(instancePath+"/shell", "enum", {allowedValues: schema10.properties.shell.enum})];
return false;
}
var valid0 = _errs43 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.environmentIds !== undefined){
let data20 = data.environmentIds;
const _errs44 = errors;
if(errors === _errs44){
if(Array.isArray(data20)){
var valid5 = true;
const len1 = data20.length;
for(let i1=0; i1<len1; i1++){
const _errs46 = errors;
if(typeof data20[i1] !== "string"){
validate29.errors = [refused(instancePath+"/environmentIds/" + i1, "type", {type: "string"})];
return false;
}
var valid5 = _errs46 === errors;
if(!valid5){
break;
}
}
}
else {
validate29.errors = [refused(instancePath+"/environmentIds", "type", {type: "array"})];
return false;
}
}
var valid0 = _errs44 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.aliases !== undefined){
let data22 = data.aliases;
const _errs48 = errors;
if(errors === _errs48){
if(Array.isArray(data22)){
var valid6 = true;
const len2 = data22.length;
for(let i2=0; i2<len2; i2++){
const _errs50 = errors;
if(typeof data22[i2] !== "string"){
validate29.errors = [refused(instancePath+"/aliases/" + i2, "type", {type: "string"})];
return false;
}
var valid6 = _errs50 === errors;
if(!valid6){
break;
}
}
}
else {
validate29.errors = [refused(instancePath+"/aliases", "type", {type: "array"})];
return false;
}
}
var valid0 = _errs48 === errors;
}
else {
var valid0 = true;
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
else {
validate29.errors = [refused(instancePath, "type", {type: "object"})];
return false;
}
}
validate29.errors = vErrors;
return errors === 0;
}

const schema11 = {"type":"object","additionalProperties":false,"required":["offlineMachines","enableDisabled","pollingRoute","waves","atOnce","waivers","drainLimitMinutes","restartWatchSeconds"],"properties":{"offlineMachines":{"enum":["refuse","leave-behind"]},"waivers":{"type":"array","items":{"$ref":"#/definitions/waiver"}},"drainLimitMinutes":{"type":"number","minimum":0},"restartWatchSeconds":{"type":"number","minimum":0},"enableDisabled":{"type":"boolean"},"pollingRoute":{"enum":["twin","update-trust"]},"waves":{"type":"object","additionalProperties":false,"required":["by","size","canaries","stopAfter"],"properties":{"by":{"enum":["size","environment"]},"size":{"type":"integer","minimum":1},"canaries":{"type":"integer","minimum":0},"stopAfter":{"type":"integer","minimum":0}}},"atOnce":{"type":"integer","minimum":1}}};
const schema12 = {"type":"object","additionalProperties":false,"required":["machine","by","reason","until"],"properties":{"machine":{"type":"string"},"by":{"type":"string"},"reason":{"type":"string"},"until":{"type":"string"}}};

function validate33(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if(((((data.machine === undefined) && (missing0 = "machine")) || ((data.by === undefined) && (missing0 = "by"))) || ((data.reason === undefined) && (missing0 = "reason"))) || ((data.until === undefined) && (missing0 = "until"))){
validate33.errors = [refused(instancePath, "required", {missingProperty: missing0})];
return false;
}
else {
const _errs1 = errors;
for(const key0 in data){
if(!((((key0 === "machine") || (key0 === "by")) || (key0 === "reason")) || (key0 === "until"))){
validate33.errors = [refused(instancePath, "additionalProperties", {additionalProperty: key0})];
return false;
break;
}
}
if(_errs1 === errors){
if(data.machine !== undefined){
const _errs2 = errors;
if(typeof data.machine !== "string"){
validate33.errors = [refused(instancePath+"/machine", "type", {type: "string"})];
return false;
}
var valid0 = _errs2 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.by !== undefined){
const _errs4 = errors;
if(typeof data.by !== "string"){
validate33.errors = [refused(instancePath+"/by", "type", {type: "string"})];
return false;
}
var valid0 = _errs4 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.reason !== undefined){
const _errs6 = errors;
if(typeof data.reason !== "string"){
validate33.errors = [refused(instancePath+"/reason", "type", {type: "string"})];
return false;
}
var valid0 = _errs6 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.until !== undefined){
const _errs8 = errors;
if(typeof data.until !== "string"){
validate33.errors = [refused(instancePath+"/until", "type", {type: "string"})];
return false;
}
var valid0 = _errs8 === errors;
}
else {
var valid0 = true;
}
}
}
}
}
}
}
else {
validate33.errors = [refused(instancePath, "type", {type: "object"})];
return false;
}
}
validate33.errors = vErrors;
return errors === 0;
}


function validate32(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if(((((((((data.offlineMachines === undefined) && (missing0 = "offlineMachines")) || ((data.enableDisabled === undefined) && (missing0 = "enableDisabled"))) || ((data.pollingRoute === undefined) && (missing0 = "pollingRoute"))) || ((data.waves === undefined) && (missing0 = "waves"))) || ((data.atOnce === undefined) && (missing0 = "atOnce"))) || ((data.waivers === undefined) && (missing0 = "waivers"))) || ((data.drainLimitMinutes === undefined) && (missing0 = "drainLimitMinutes"))) || ((data.restartWatchSeconds === undefined) && (missing0 = "restartWatchSeconds"))){
validate32.errors = [refused(instancePath, "required", {missingProperty: missing0})];
return false;
}
else {
const _errs1 = errors;
for(const key0 in data){
if(!((((((((key0 === "offlineMachines") || (key0 === "waivers")) || (key0 === "drainLimitMinutes")) || (key0 === "restartWatchSeconds")) || (key0 === "enableDisabled")) || (key0 === "pollingRoute")) || (key0 === "waves")) || (key0 === "atOnce"))){
validate32.errors = [refused(instancePath, "additionalProperties", {additionalProperty: key0})];
return false;
break;
}
}
if(_errs1 === errors){
if(data.offlineMachines !== undefined){
let data0 = data.offlineMachines;
const _errs2 = errors;
if(!((data0 === "refuse") || (data0 === "leave-behind"))){
validate32.errors = [refused(instancePath+"/offlineMachines", "enum", {allowedValues: schema11.properties.offlineMachines.enum})];
return false;
}
var valid0 = _errs2 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.waivers !== undefined){
let data1 = data.waivers;
const _errs3 = errors;
if(errors === _errs3){
if(Array.isArray(data1)){
var valid1 = true;
const len0 = data1.length;
for(let i0=0; i0<len0; i0++){
const _errs5 = errors;
if(!(validate33(data1[i0], {instancePath:instancePath+"/waivers/" + i0,parentData:data1,parentDataProperty:i0,rootData}))){
vErrors = vErrors === null ? validate33.errors : vErrors.concat(validate33.errors);
errors = vErrors.length;
}
var valid1 = _errs5 === errors;
if(!valid1){
break;
}
}
}
else {
validate32.errors = [refused(instancePath+"/waivers", "type", {type: "array"})];
return false;
}
}
var valid0 = _errs3 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.drainLimitMinutes !== undefined){
let data3 = data.drainLimitMinutes;
const _errs6 = errors;
if(errors === _errs6){
if((typeof data3 == "number") && (isFinite(data3))){
if(data3 < 0 || isNaN(data3)){
validate32.errors = [refused(instancePath+"/drainLimitMinutes", "minimum", {comparison: ">=", limit: 0})];
return false;
}
}
else {
validate32.errors = [refused(instancePath+"/drainLimitMinutes", "type", {type: "number"})];
return false;
}
}
var valid0 = _errs6 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.restartWatchSeconds !== undefined){
let data4 = data.restartWatchSeconds;
const _errs8 = errors;
if(errors === _errs8){
if((typeof data4 == "number") && (isFinite(data4))){
if(data4 < 0 || isNaN(data4)){
validate32.errors = [refused(instancePath+"/restartWatchSeconds", "minimum", {comparison: ">=", limit: 0})];
return false;
}
}
else {
validate32.errors = [refused(instancePath+"/restartWatchSeconds", "type", {type: "number"})];
return false;
}
}
var valid0 = _errs8 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.enableDisabled !== undefined){
const _errs10 = errors;
if(typeof data.enableDisabled !== "boolean"){
validate32.errors = [refused(instancePath+"/enableDisabled", "type", {type: "boolean"})];
return false;
}
var valid0 = _errs10 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.pollingRoute !== undefined){
let data6 = data.pollingRoute;
const _errs12 = errors;
if(!((data6 === "twin") || (data6 === "update-trust"))){
validate32.errors = [refused(instancePath+"/pollingRoute", "enum", {allowedValues: schema11.properties.pollingRoute.enum})];
return false;
}
var valid0 = _errs12 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.waves !== undefined){
let data7 = data.waves;
const _errs13 = errors;
if(errors === _errs13){
if(data7 && typeof data7 == "object" && !Array.isArray(data7)){
let missing1;
if(((((data7.by === undefined) && (missing1 = "by")) || ((data7.size === undefined) && (missing1 = "size"))) || ((data7.canaries === undefined) && (missing1 = "canaries"))) || ((data7.stopAfter === undefined) && (missing1 = "stopAfter"))){
validate32.errors = [refused(instancePath+"/waves", "required", {missingProperty: missing1})];
return false;
}
else {
const _errs15 = errors;
for(const key1 in data7){
if(!((((key1 === "by") || (key1 === "size")) || (key1 === "canaries")) || (key1 === "stopAfter"))){
validate32.errors = [refused(instancePath+"/waves", "additionalProperties", {additionalProperty: key1})];
return false;
break;
}
}
if(_errs15 === errors){
if(data7.by !== undefined){
let data8 = data7.by;
const _errs16 = errors;
if(!((data8 === "size") || (data8 === "environment"))){
validate32.errors = [refused(instancePath+"/waves/by", "enum", {allowedValues: schema11.properties.waves.properties.by.enum})];
return false;
}
var valid2 = _errs16 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data7.size !== undefined){
let data9 = data7.size;
const _errs17 = errors;
if(!(((typeof data9 == "number") && (!(data9 % 1) && !isNaN(data9))) && (isFinite(data9)))){
validate32.errors = [refused(instancePath+"/waves/size", "type", {type: "integer"})];
return false;
}
if(errors === _errs17){
if((typeof data9 == "number") && (isFinite(data9))){
if(data9 < 1 || isNaN(data9)){
validate32.errors = [refused(instancePath+"/waves/size", "minimum", {comparison: ">=", limit: 1})];
return false;
}
}
}
var valid2 = _errs17 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data7.canaries !== undefined){
let data10 = data7.canaries;
const _errs19 = errors;
if(!(((typeof data10 == "number") && (!(data10 % 1) && !isNaN(data10))) && (isFinite(data10)))){
validate32.errors = [refused(instancePath+"/waves/canaries", "type", {type: "integer"})];
return false;
}
if(errors === _errs19){
if((typeof data10 == "number") && (isFinite(data10))){
if(data10 < 0 || isNaN(data10)){
validate32.errors = [refused(instancePath+"/waves/canaries", "minimum", {comparison: ">=", limit: 0})];
return false;
}
}
}
var valid2 = _errs19 === errors;
}
else {
var valid2 = true;
}
if(valid2){
if(data7.stopAfter !== undefined){
let data11 = data7.stopAfter;
const _errs21 = errors;
if(!(((typeof data11 == "number") && (!(data11 % 1) && !isNaN(data11))) && (isFinite(data11)))){
validate32.errors = [refused(instancePath+"/waves/stopAfter", "type", {type: "integer"})];
return false;
}
if(errors === _errs21){
if((typeof data11 == "number") && (isFinite(data11))){
if(data11 < 0 || isNaN(data11)){
validate32.errors = [refused(instancePath+"/waves/stopAfter", "minimum", {comparison: ">=", limit: 0})];
return false;
}
}
}
var valid2 = _errs21 === errors;
}
else {
var valid2 = true;
}
}
}
}
}
}
}
else {
validate32.errors = [refused(instancePath+"/waves", "type", {type: "object"})];
return false;
}
}
var valid0 = _errs13 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.atOnce !== undefined){
let data12 = data.atOnce;
const _errs23 = errors;
if(!(((typeof data12 == "number") && (!(data12 % 1) && !isNaN(data12))) && (isFinite(data12)))){
validate32.errors = [refused(instancePath+"/atOnce", "type", {type: "integer"})];
return false;
}
if(errors === _errs23){
if((typeof data12 == "number") && (isFinite(data12))){
if(data12 < 1 || isNaN(data12)){
validate32.errors = [refused(instancePath+"/atOnce", "minimum", {comparison: ">=", limit: 1})];
return false;
}
}
}
var valid0 = _errs23 === errors;
}
else {
var valid0 = true;
}
}
}
}
}
}
}
}
}
}
}
else {
validate32.errors = [refused(instancePath, "type", {type: "object"})];
return false;
}
}
validate32.errors = vErrors;
return errors === 0;
}

const schema13 = {"type":"string","pattern":"^[a-z0-9][a-z0-9-]*$"};
const pattern6 = new RegExp("^[a-z0-9][a-z0-9-]*$", "u");

function validate37(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(errors === 0){
if(typeof data === "string"){
if(!pattern6.test(data)){
validate37.errors = [refused(instancePath, "pattern", {pattern: "^[a-z0-9][a-z0-9-]*$"})];
return false;
}
}
else {
validate37.errors = [refused(instancePath, "type", {type: "string"})];
return false;
}
}
validate37.errors = vErrors;
return errors === 0;
}

const schema14 = {"enum":["old-backed-up","new-stored","relay-ready","database-shows-new","node-presents-new","database-shows-old","node-presents-old","trusts-new","trusts-old","trust-written","distrusts-old","distrusts-new","healthy","healthy-after-swap","healthy-after-retire","verified","abandoned","rolled-back"]};

function validate40(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(!((((((((((((((((((data === "old-backed-up") || (data === "new-stored")) || (data === "relay-ready")) || (data === "database-shows-new")) || (data === "node-presents-new")) || (data === "database-shows-old")) || (data === "node-presents-old")) || (data === "trusts-new")) || (data === "trusts-old")) || (data === "trust-written")) || (data === "distrusts-old")) || (data === "distrusts-new")) || (data === "healthy")) || (data === "healthy-after-swap")) || (data === "healthy-after-retire")) || (data === "verified")) || (data === "abandoned")) || (data === "rolled-back"))){
validate40.errors = [refused(instancePath, "enum", {allowedValues: schema14.enum})];
return false;
}
validate40.errors = vErrors;
return errors === 0;
}

const pattern5 = new RegExp("^[0-9A-Fa-f]{64}$", "u");

function validate21(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
/*# sourceURL="https://octopus-rotation/schemas/journal.json" */;
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if((((((((((((data.sequence === undefined) && (missing0 = "sequence")) || ((data.at === undefined) && (missing0 = "at"))) || ((data.fence === undefined) && (missing0 = "fence"))) || ((data.runner === undefined) && (missing0 = "runner"))) || ((data.taskId === undefined) && (missing0 = "taskId"))) || ((data.phase === undefined) && (missing0 = "phase"))) || ((data.kind === undefined) && (missing0 = "kind"))) || ((data.subject === undefined) && (missing0 = "subject"))) || ((data.data === undefined) && (missing0 = "data"))) || ((data.previous === undefined) && (missing0 = "previous"))) || ((data.mac === undefined) && (missing0 = "mac"))){
validate21.errors = [refused(instancePath, "required", {missingProperty: missing0})];
return false;
}
else {
const _errs2 = errors;
for(const key0 in data){
if(!(func2.call(schema6.properties, key0))){
validate21.errors = [refused(instancePath, "additionalProperties", {additionalProperty: key0})];
return false;
break;
}
}
if(_errs2 === errors){
if(data.sequence !== undefined){
let data0 = data.sequence;
const _errs3 = errors;
if(!(((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0))) && (isFinite(data0)))){
validate21.errors = [refused(instancePath+"/sequence", "type", {type: "integer"})];
return false;
}
if(errors === _errs3){
if((typeof data0 == "number") && (isFinite(data0))){
if(data0 < 0 || isNaN(data0)){
validate21.errors = [refused(instancePath+"/sequence", "minimum", {comparison: ">=", limit: 0})];
return false;
}
}
}
var valid0 = _errs3 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.at !== undefined){
const _errs5 = errors;
if(!(validate22(data.at, {instancePath:instancePath+"/at",parentData:data,parentDataProperty:"at",rootData}))){
vErrors = vErrors === null ? validate22.errors : vErrors.concat(validate22.errors);
errors = vErrors.length;
}
var valid0 = _errs5 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.fence !== undefined){
let data2 = data.fence;
const _errs6 = errors;
if(!(((typeof data2 == "number") && (!(data2 % 1) && !isNaN(data2))) && (isFinite(data2)))){
validate21.errors = [refused(instancePath+"/fence", "type", {type: "integer"})];
return false;
}
if(errors === _errs6){
if((typeof data2 == "number") && (isFinite(data2))){
if(data2 < 0 || isNaN(data2)){
validate21.errors = [refused(instancePath+"/fence", "minimum", {comparison: ">=", limit: 0})];
return false;
}
}
}
var valid0 = _errs6 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.runner !== undefined){
let data3 = data.runner;
const _errs8 = errors;
if(!(((data3 === "runbook") || (data3 === "relay")) || (data3 === "terminal"))){
validate21.errors = [refused(instancePath+"/runner", "enum", {allowedValues: schema6.properties.runner.enum})];
return false;
}
var valid0 = _errs8 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.taskId !== undefined){
let data4 = data.taskId;
const _errs9 = errors;
if((typeof data4 !== "string") && (data4 !== null)){
validate21.errors = [refused(instancePath+"/taskId", "type", {type: schema6.properties.taskId.type})];
return false;
}
var valid0 = _errs9 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.phase !== undefined){
const _errs11 = errors;
if(typeof data.phase !== "string"){
validate21.errors = [refused(instancePath+"/phase", "type", {type: "string"})];
return false;
}
var valid0 = _errs11 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.kind !== undefined){
const _errs13 = errors;
if(typeof data.kind !== "string"){
validate21.errors = [refused(instancePath+"/kind", "type", {type: "string"})];
return false;
}
var valid0 = _errs13 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.subject !== undefined){
let data7 = data.subject;
const _errs15 = errors;
if(errors === _errs15){
if(typeof data7 === "string"){
if(!pattern1.test(data7)){
validate21.errors = [refused(instancePath+"/subject", "pattern", {pattern: "."})];
return false;
}
}
else {
validate21.errors = [refused(instancePath+"/subject", "type", {type: "string"})];
return false;
}
}
var valid0 = _errs15 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.data !== undefined){
let data8 = data.data;
const _errs17 = errors;
if(!(data8 && typeof data8 == "object" && !Array.isArray(data8))){
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
var valid0 = _errs17 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.previous !== undefined){
const _errs19 = errors;
if(!(validate24(data.previous, {instancePath:instancePath+"/previous",parentData:data,parentDataProperty:"previous",rootData}))){
vErrors = vErrors === null ? validate24.errors : vErrors.concat(validate24.errors);
errors = vErrors.length;
}
var valid0 = _errs19 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.mac !== undefined){
const _errs20 = errors;
if(!(validate24(data.mac, {instancePath:instancePath+"/mac",parentData:data,parentDataProperty:"mac",rootData}))){
vErrors = vErrors === null ? validate24.errors : vErrors.concat(validate24.errors);
errors = vErrors.length;
}
var valid0 = _errs20 === errors;
}
else {
var valid0 = true;
}
if(valid0){
const tag0 = data.kind;
if(typeof tag0 == "string"){
if(tag0 === "opened"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs22 = errors;
if("opened" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "opened"})];
return false;
}
var valid3 = _errs22 === errors;
}
else {
var valid3 = true;
}
if(valid3){
if(data.data !== undefined){
let data12 = data.data;
const _errs23 = errors;
if(errors === _errs23){
if(data12 && typeof data12 == "object" && !Array.isArray(data12)){
let missing1;
if((((((((((((data12.rotation === undefined) && (missing1 = "rotation")) || ((data12.installationId === undefined) && (missing1 = "installationId"))) || ((data12.serverUrl === undefined) && (missing1 = "serverUrl"))) || ((data12.serverVersion === undefined) && (missing1 = "serverVersion"))) || ((data12.host === undefined) && (missing1 = "host"))) || ((data12.spaceId === undefined) && (missing1 = "spaceId"))) || ((data12.projectName === undefined) && (missing1 = "projectName"))) || ((data12.runbookName === undefined) && (missing1 = "runbookName"))) || ((data12.environmentName === undefined) && (missing1 = "environmentName"))) || ((data12.forced === undefined) && (missing1 = "forced"))) || ((data12.why === undefined) && (missing1 = "why"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing1})];
return false;
}
else {
const _errs25 = errors;
for(const key1 in data12){
if(!(func2.call(schema6.oneOf[0].properties.data.properties, key1))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key1})];
return false;
break;
}
}
if(_errs25 === errors){
if(data12.rotation !== undefined){
const _errs26 = errors;
if("server-certificate" !== data12.rotation){
validate21.errors = [refused(instancePath+"/data/rotation", "const", {allowedValue: "server-certificate"})];
return false;
}
var valid4 = _errs26 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data12.installationId !== undefined){
const _errs27 = errors;
if(typeof data12.installationId !== "string"){
validate21.errors = [refused(instancePath+"/data/installationId", "type", {type: "string"})];
return false;
}
var valid4 = _errs27 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data12.serverUrl !== undefined){
const _errs29 = errors;
if(typeof data12.serverUrl !== "string"){
validate21.errors = [refused(instancePath+"/data/serverUrl", "type", {type: "string"})];
return false;
}
var valid4 = _errs29 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data12.serverVersion !== undefined){
const _errs31 = errors;
if(typeof data12.serverVersion !== "string"){
validate21.errors = [refused(instancePath+"/data/serverVersion", "type", {type: "string"})];
return false;
}
var valid4 = _errs31 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data12.host !== undefined){
const _errs33 = errors;
if(typeof data12.host !== "string"){
validate21.errors = [refused(instancePath+"/data/host", "type", {type: "string"})];
return false;
}
var valid4 = _errs33 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data12.spaceId !== undefined){
const _errs35 = errors;
if(typeof data12.spaceId !== "string"){
validate21.errors = [refused(instancePath+"/data/spaceId", "type", {type: "string"})];
return false;
}
var valid4 = _errs35 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data12.projectName !== undefined){
const _errs37 = errors;
if(typeof data12.projectName !== "string"){
validate21.errors = [refused(instancePath+"/data/projectName", "type", {type: "string"})];
return false;
}
var valid4 = _errs37 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data12.runbookName !== undefined){
const _errs39 = errors;
if(typeof data12.runbookName !== "string"){
validate21.errors = [refused(instancePath+"/data/runbookName", "type", {type: "string"})];
return false;
}
var valid4 = _errs39 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data12.environmentName !== undefined){
const _errs41 = errors;
if(typeof data12.environmentName !== "string"){
validate21.errors = [refused(instancePath+"/data/environmentName", "type", {type: "string"})];
return false;
}
var valid4 = _errs41 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data12.forced !== undefined){
let data22 = data12.forced;
const _errs43 = errors;
if((typeof data22 !== "string") && (data22 !== null)){
validate21.errors = [refused(instancePath+"/data/forced", "type", {type: schema6.oneOf[0].properties.data.properties.forced.type})];
return false;
}
var valid4 = _errs43 === errors;
}
else {
var valid4 = true;
}
if(valid4){
if(data12.why !== undefined){
const _errs45 = errors;
if(typeof data12.why !== "string"){
validate21.errors = [refused(instancePath+"/data/why", "type", {type: "string"})];
return false;
}
var valid4 = _errs45 === errors;
}
else {
var valid4 = true;
}
}
}
}
}
}
}
}
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid3 = _errs23 === errors;
}
else {
var valid3 = true;
}
}
}
}
else if(tag0 === "planned"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs48 = errors;
if("planned" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "planned"})];
return false;
}
var valid6 = _errs48 === errors;
}
else {
var valid6 = true;
}
if(valid6){
if(data.data !== undefined){
let data25 = data.data;
const _errs49 = errors;
if(errors === _errs49){
if(data25 && typeof data25 == "object" && !Array.isArray(data25)){
let missing2;
if((((((((((data25.planHash === undefined) && (missing2 = "planHash")) || ((data25.old === undefined) && (missing2 = "old"))) || ((data25.oldSignature === undefined) && (missing2 = "oldSignature"))) || ((data25.nodes === undefined) && (missing2 = "nodes"))) || ((data25.spaces === undefined) && (missing2 = "spaces"))) || ((data25.machines === undefined) && (missing2 = "machines"))) || ((data25.outOfScope === undefined) && (missing2 = "outOfScope"))) || ((data25.options === undefined) && (missing2 = "options"))) || ((data25.notTouched === undefined) && (missing2 = "notTouched"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing2})];
return false;
}
else {
const _errs51 = errors;
for(const key2 in data25){
if(!(func2.call(schema6.oneOf[1].properties.data.properties, key2))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key2})];
return false;
break;
}
}
if(_errs51 === errors){
if(data25.planHash !== undefined){
const _errs52 = errors;
if(typeof data25.planHash !== "string"){
validate21.errors = [refused(instancePath+"/data/planHash", "type", {type: "string"})];
return false;
}
var valid7 = _errs52 === errors;
}
else {
var valid7 = true;
}
if(valid7){
if(data25.old !== undefined){
const _errs54 = errors;
if(!(validate27(data25.old, {instancePath:instancePath+"/data/old",parentData:data25,parentDataProperty:"old",rootData}))){
vErrors = vErrors === null ? validate27.errors : vErrors.concat(validate27.errors);
errors = vErrors.length;
}
var valid7 = _errs54 === errors;
}
else {
var valid7 = true;
}
if(valid7){
if(data25.oldSignature !== undefined){
const _errs55 = errors;
if(typeof data25.oldSignature !== "string"){
validate21.errors = [refused(instancePath+"/data/oldSignature", "type", {type: "string"})];
return false;
}
var valid7 = _errs55 === errors;
}
else {
var valid7 = true;
}
if(valid7){
if(data25.nodes !== undefined){
let data29 = data25.nodes;
const _errs57 = errors;
if(errors === _errs57){
if(Array.isArray(data29)){
var valid8 = true;
const len0 = data29.length;
for(let i0=0; i0<len0; i0++){
let data30 = data29[i0];
const _errs59 = errors;
if(errors === _errs59){
if(data30 && typeof data30 == "object" && !Array.isArray(data30)){
let missing3;
if(((data30.id === undefined) && (missing3 = "id")) || ((data30.name === undefined) && (missing3 = "name"))){
validate21.errors = [refused(instancePath+"/data/nodes/" + i0, "required", {missingProperty: missing3})];
return false;
}
else {
const _errs61 = errors;
for(const key3 in data30){
if(!((key3 === "id") || (key3 === "name"))){
validate21.errors = [refused(instancePath+"/data/nodes/" + i0, "additionalProperties", {additionalProperty: key3})];
return false;
break;
}
}
if(_errs61 === errors){
if(data30.id !== undefined){
const _errs62 = errors;
if(typeof data30.id !== "string"){
validate21.errors = [refused(instancePath+"/data/nodes/" + i0+"/id", "type", {type: "string"})];
return false;
}
var valid9 = _errs62 === errors;
}
else {
var valid9 = true;
}
if(valid9){
if(data30.name !== undefined){
const _errs64 = errors;
if(typeof data30.name !== "string"){
validate21.errors = [refused(instancePath+"/data/nodes/" + i0+"/name", "type", {type: "string"})];
return false;
}
var valid9 = _errs64 === errors;
}
else {
var valid9 = true;
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/nodes/" + i0, "type", {type: "object"})];
return false;
}
}
var valid8 = _errs59 === errors;
if(!valid8){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/nodes", "type", {type: "array"})];
return false;
}
}
var valid7 = _errs57 === errors;
}
else {
var valid7 = true;
}
if(valid7){
if(data25.spaces !== undefined){
let data33 = data25.spaces;
const _errs66 = errors;
if(errors === _errs66){
if(Array.isArray(data33)){
var valid10 = true;
const len1 = data33.length;
for(let i1=0; i1<len1; i1++){
let data34 = data33[i1];
const _errs68 = errors;
if(errors === _errs68){
if(data34 && typeof data34 == "object" && !Array.isArray(data34)){
let missing4;
if(((((data34.id === undefined) && (missing4 = "id")) || ((data34.name === undefined) && (missing4 = "name"))) || ((data34.targets === undefined) && (missing4 = "targets"))) || ((data34.workers === undefined) && (missing4 = "workers"))){
validate21.errors = [refused(instancePath+"/data/spaces/" + i1, "required", {missingProperty: missing4})];
return false;
}
else {
const _errs70 = errors;
for(const key4 in data34){
if(!((((key4 === "id") || (key4 === "name")) || (key4 === "targets")) || (key4 === "workers"))){
validate21.errors = [refused(instancePath+"/data/spaces/" + i1, "additionalProperties", {additionalProperty: key4})];
return false;
break;
}
}
if(_errs70 === errors){
if(data34.id !== undefined){
const _errs71 = errors;
if(typeof data34.id !== "string"){
validate21.errors = [refused(instancePath+"/data/spaces/" + i1+"/id", "type", {type: "string"})];
return false;
}
var valid11 = _errs71 === errors;
}
else {
var valid11 = true;
}
if(valid11){
if(data34.name !== undefined){
const _errs73 = errors;
if(typeof data34.name !== "string"){
validate21.errors = [refused(instancePath+"/data/spaces/" + i1+"/name", "type", {type: "string"})];
return false;
}
var valid11 = _errs73 === errors;
}
else {
var valid11 = true;
}
if(valid11){
if(data34.targets !== undefined){
let data37 = data34.targets;
const _errs75 = errors;
if(!(((typeof data37 == "number") && (!(data37 % 1) && !isNaN(data37))) && (isFinite(data37)))){
validate21.errors = [refused(instancePath+"/data/spaces/" + i1+"/targets", "type", {type: "integer"})];
return false;
}
if(errors === _errs75){
if((typeof data37 == "number") && (isFinite(data37))){
if(data37 < 0 || isNaN(data37)){
validate21.errors = [refused(instancePath+"/data/spaces/" + i1+"/targets", "minimum", {comparison: ">=", limit: 0})];
return false;
}
}
}
var valid11 = _errs75 === errors;
}
else {
var valid11 = true;
}
if(valid11){
if(data34.workers !== undefined){
let data38 = data34.workers;
const _errs77 = errors;
if(!(((typeof data38 == "number") && (!(data38 % 1) && !isNaN(data38))) && (isFinite(data38)))){
validate21.errors = [refused(instancePath+"/data/spaces/" + i1+"/workers", "type", {type: "integer"})];
return false;
}
if(errors === _errs77){
if((typeof data38 == "number") && (isFinite(data38))){
if(data38 < 0 || isNaN(data38)){
validate21.errors = [refused(instancePath+"/data/spaces/" + i1+"/workers", "minimum", {comparison: ">=", limit: 0})];
return false;
}
}
}
var valid11 = _errs77 === errors;
}
else {
var valid11 = true;
}
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/spaces/" + i1, "type", {type: "object"})];
return false;
}
}
var valid10 = _errs68 === errors;
if(!valid10){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/spaces", "type", {type: "array"})];
return false;
}
}
var valid7 = _errs66 === errors;
}
else {
var valid7 = true;
}
if(valid7){
if(data25.machines !== undefined){
let data39 = data25.machines;
const _errs79 = errors;
if(errors === _errs79){
if(Array.isArray(data39)){
var valid12 = true;
const len2 = data39.length;
for(let i2=0; i2<len2; i2++){
const _errs81 = errors;
if(!(validate29(data39[i2], {instancePath:instancePath+"/data/machines/" + i2,parentData:data39,parentDataProperty:i2,rootData}))){
vErrors = vErrors === null ? validate29.errors : vErrors.concat(validate29.errors);
errors = vErrors.length;
}
var valid12 = _errs81 === errors;
if(!valid12){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/machines", "type", {type: "array"})];
return false;
}
}
var valid7 = _errs79 === errors;
}
else {
var valid7 = true;
}
if(valid7){
if(data25.outOfScope !== undefined){
let data41 = data25.outOfScope;
const _errs82 = errors;
if(errors === _errs82){
if(Array.isArray(data41)){
var valid13 = true;
const len3 = data41.length;
for(let i3=0; i3<len3; i3++){
let data42 = data41[i3];
const _errs84 = errors;
if(errors === _errs84){
if(data42 && typeof data42 == "object" && !Array.isArray(data42)){
let missing5;
if(((((data42.name === undefined) && (missing5 = "name")) || ((data42.kind === undefined) && (missing5 = "kind"))) || ((data42.spaceName === undefined) && (missing5 = "spaceName"))) || ((data42.reason === undefined) && (missing5 = "reason"))){
validate21.errors = [refused(instancePath+"/data/outOfScope/" + i3, "required", {missingProperty: missing5})];
return false;
}
else {
const _errs86 = errors;
for(const key5 in data42){
if(!((((key5 === "name") || (key5 === "kind")) || (key5 === "spaceName")) || (key5 === "reason"))){
validate21.errors = [refused(instancePath+"/data/outOfScope/" + i3, "additionalProperties", {additionalProperty: key5})];
return false;
break;
}
}
if(_errs86 === errors){
if(data42.name !== undefined){
const _errs87 = errors;
if(typeof data42.name !== "string"){
validate21.errors = [refused(instancePath+"/data/outOfScope/" + i3+"/name", "type", {type: "string"})];
return false;
}
var valid14 = _errs87 === errors;
}
else {
var valid14 = true;
}
if(valid14){
if(data42.kind !== undefined){
const _errs89 = errors;
if(typeof data42.kind !== "string"){
validate21.errors = [refused(instancePath+"/data/outOfScope/" + i3+"/kind", "type", {type: "string"})];
return false;
}
var valid14 = _errs89 === errors;
}
else {
var valid14 = true;
}
if(valid14){
if(data42.spaceName !== undefined){
const _errs91 = errors;
if(typeof data42.spaceName !== "string"){
validate21.errors = [refused(instancePath+"/data/outOfScope/" + i3+"/spaceName", "type", {type: "string"})];
return false;
}
var valid14 = _errs91 === errors;
}
else {
var valid14 = true;
}
if(valid14){
if(data42.reason !== undefined){
const _errs93 = errors;
if(typeof data42.reason !== "string"){
validate21.errors = [refused(instancePath+"/data/outOfScope/" + i3+"/reason", "type", {type: "string"})];
return false;
}
var valid14 = _errs93 === errors;
}
else {
var valid14 = true;
}
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/outOfScope/" + i3, "type", {type: "object"})];
return false;
}
}
var valid13 = _errs84 === errors;
if(!valid13){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/outOfScope", "type", {type: "array"})];
return false;
}
}
var valid7 = _errs82 === errors;
}
else {
var valid7 = true;
}
if(valid7){
if(data25.options !== undefined){
const _errs95 = errors;
if(!(validate32(data25.options, {instancePath:instancePath+"/data/options",parentData:data25,parentDataProperty:"options",rootData}))){
vErrors = vErrors === null ? validate32.errors : vErrors.concat(validate32.errors);
errors = vErrors.length;
}
var valid7 = _errs95 === errors;
}
else {
var valid7 = true;
}
if(valid7){
if(data25.notTouched !== undefined){
let data48 = data25.notTouched;
const _errs96 = errors;
if(errors === _errs96){
if(Array.isArray(data48)){
var valid15 = true;
const len4 = data48.length;
for(let i4=0; i4<len4; i4++){
const _errs98 = errors;
if(typeof data48[i4] !== "string"){
validate21.errors = [refused(instancePath+"/data/notTouched/" + i4, "type", {type: "string"})];
return false;
}
var valid15 = _errs98 === errors;
if(!valid15){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/notTouched", "type", {type: "array"})];
return false;
}
}
var valid7 = _errs96 === errors;
}
else {
var valid7 = true;
}
}
}
}
}
}
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid6 = _errs49 === errors;
}
else {
var valid6 = true;
}
}
}
}
else if(tag0 === "new-certificate"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs101 = errors;
if("new-certificate" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "new-certificate"})];
return false;
}
var valid17 = _errs101 === errors;
}
else {
var valid17 = true;
}
if(valid17){
if(data.data !== undefined){
let data51 = data.data;
const _errs102 = errors;
if(errors === _errs102){
if(data51 && typeof data51 == "object" && !Array.isArray(data51)){
let missing6;
if((((((data51.thumbprint === undefined) && (missing6 = "thumbprint")) || ((data51.sha256 === undefined) && (missing6 = "sha256"))) || ((data51.notAfter === undefined) && (missing6 = "notAfter"))) || ((data51.signatureAlgorithm === undefined) && (missing6 = "signatureAlgorithm"))) || ((data51.keyBits === undefined) && (missing6 = "keyBits"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing6})];
return false;
}
else {
const _errs104 = errors;
for(const key6 in data51){
if(!(((((key6 === "thumbprint") || (key6 === "sha256")) || (key6 === "notAfter")) || (key6 === "signatureAlgorithm")) || (key6 === "keyBits"))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key6})];
return false;
break;
}
}
if(_errs104 === errors){
if(data51.thumbprint !== undefined){
const _errs105 = errors;
if(!(validate27(data51.thumbprint, {instancePath:instancePath+"/data/thumbprint",parentData:data51,parentDataProperty:"thumbprint",rootData}))){
vErrors = vErrors === null ? validate27.errors : vErrors.concat(validate27.errors);
errors = vErrors.length;
}
var valid18 = _errs105 === errors;
}
else {
var valid18 = true;
}
if(valid18){
if(data51.sha256 !== undefined){
let data53 = data51.sha256;
const _errs106 = errors;
if(errors === _errs106){
if(typeof data53 === "string"){
if(!pattern5.test(data53)){
validate21.errors = [{instancePath:instancePath+"/data/sha256",keyword:"pattern",params:{pattern: "^[0-9A-Fa-f]{64}$"}}];
return false;
}
}
else {
validate21.errors = [refused(instancePath+"/data/sha256", "type", {type: "string"})];
return false;
}
}
var valid18 = _errs106 === errors;
}
else {
var valid18 = true;
}
if(valid18){
if(data51.notAfter !== undefined){
const _errs108 = errors;
if(typeof data51.notAfter !== "string"){
validate21.errors = [refused(instancePath+"/data/notAfter", "type", {type: "string"})];
return false;
}
var valid18 = _errs108 === errors;
}
else {
var valid18 = true;
}
if(valid18){
if(data51.signatureAlgorithm !== undefined){
const _errs110 = errors;
if(typeof data51.signatureAlgorithm !== "string"){
validate21.errors = [refused(instancePath+"/data/signatureAlgorithm", "type", {type: "string"})];
return false;
}
var valid18 = _errs110 === errors;
}
else {
var valid18 = true;
}
if(valid18){
if(data51.keyBits !== undefined){
let data56 = data51.keyBits;
const _errs112 = errors;
if(!(((typeof data56 == "number") && (!(data56 % 1) && !isNaN(data56))) && (isFinite(data56)))){
validate21.errors = [refused(instancePath+"/data/keyBits", "type", {type: "integer"})];
return false;
}
if(errors === _errs112){
if((typeof data56 == "number") && (isFinite(data56))){
if(data56 < 0 || isNaN(data56)){
validate21.errors = [refused(instancePath+"/data/keyBits", "minimum", {comparison: ">=", limit: 0})];
return false;
}
}
}
var valid18 = _errs112 === errors;
}
else {
var valid18 = true;
}
}
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid17 = _errs102 === errors;
}
else {
var valid17 = true;
}
}
}
}
else if(tag0 === "intent"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs115 = errors;
if("intent" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "intent"})];
return false;
}
var valid20 = _errs115 === errors;
}
else {
var valid20 = true;
}
if(valid20){
if(data.data !== undefined){
let data58 = data.data;
const _errs116 = errors;
if(errors === _errs116){
if(data58 && typeof data58 == "object" && !Array.isArray(data58)){
let missing7;
if(((data58.effect === undefined) && (missing7 = "effect")) || ((data58.detail === undefined) && (missing7 = "detail"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing7})];
return false;
}
else {
const _errs118 = errors;
for(const key7 in data58){
if(!((key7 === "effect") || (key7 === "detail"))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key7})];
return false;
break;
}
}
if(_errs118 === errors){
if(data58.effect !== undefined){
const _errs119 = errors;
if(!(validate37(data58.effect, {instancePath:instancePath+"/data/effect",parentData:data58,parentDataProperty:"effect",rootData}))){
vErrors = vErrors === null ? validate37.errors : vErrors.concat(validate37.errors);
errors = vErrors.length;
}
var valid21 = _errs119 === errors;
}
else {
var valid21 = true;
}
if(valid21){
if(data58.detail !== undefined){
let data60 = data58.detail;
const _errs120 = errors;
if(errors === _errs120){
if(data60 && typeof data60 == "object" && !Array.isArray(data60)){
for(const key8 in data60){
let data61 = data60[key8];
const _errs123 = errors;
if((((typeof data61 !== "string") && (!((typeof data61 == "number") && (isFinite(data61))))) && (typeof data61 !== "boolean")) && (data61 !== null)){
validate21.errors = [refused(instancePath+"/data/detail/" + key8.replace(/~/g, "~0").replace(/\//g, "~1"), "type", {type: schema6.oneOf[3].properties.data.properties.detail.additionalProperties.type})];
return false;
}
var valid22 = _errs123 === errors;
if(!valid22){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/detail", "type", {type: "object"})];
return false;
}
}
var valid21 = _errs120 === errors;
}
else {
var valid21 = true;
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid20 = _errs116 === errors;
}
else {
var valid20 = true;
}
}
}
}
else if(tag0 === "done"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs126 = errors;
if("done" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "done"})];
return false;
}
var valid24 = _errs126 === errors;
}
else {
var valid24 = true;
}
if(valid24){
if(data.data !== undefined){
let data63 = data.data;
const _errs127 = errors;
if(errors === _errs127){
if(data63 && typeof data63 == "object" && !Array.isArray(data63)){
let missing8;
if(((data63.effect === undefined) && (missing8 = "effect")) || ((data63.detail === undefined) && (missing8 = "detail"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing8})];
return false;
}
else {
const _errs129 = errors;
for(const key9 in data63){
if(!((key9 === "effect") || (key9 === "detail"))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key9})];
return false;
break;
}
}
if(_errs129 === errors){
if(data63.effect !== undefined){
const _errs130 = errors;
if(!(validate37(data63.effect, {instancePath:instancePath+"/data/effect",parentData:data63,parentDataProperty:"effect",rootData}))){
vErrors = vErrors === null ? validate37.errors : vErrors.concat(validate37.errors);
errors = vErrors.length;
}
var valid25 = _errs130 === errors;
}
else {
var valid25 = true;
}
if(valid25){
if(data63.detail !== undefined){
let data65 = data63.detail;
const _errs131 = errors;
if(errors === _errs131){
if(data65 && typeof data65 == "object" && !Array.isArray(data65)){
for(const key10 in data65){
let data66 = data65[key10];
const _errs134 = errors;
if((((typeof data66 !== "string") && (!((typeof data66 == "number") && (isFinite(data66))))) && (typeof data66 !== "boolean")) && (data66 !== null)){
validate21.errors = [refused(instancePath+"/data/detail/" + key10.replace(/~/g, "~0").replace(/\//g, "~1"), "type", {type: schema6.oneOf[4].properties.data.properties.detail.additionalProperties.type})];
return false;
}
var valid26 = _errs134 === errors;
if(!valid26){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/detail", "type", {type: "object"})];
return false;
}
}
var valid25 = _errs131 === errors;
}
else {
var valid25 = true;
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid24 = _errs127 === errors;
}
else {
var valid24 = true;
}
}
}
}
else if(tag0 === "proved"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs137 = errors;
if("proved" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "proved"})];
return false;
}
var valid28 = _errs137 === errors;
}
else {
var valid28 = true;
}
if(valid28){
if(data.data !== undefined){
let data68 = data.data;
const _errs138 = errors;
if(errors === _errs138){
if(data68 && typeof data68 == "object" && !Array.isArray(data68)){
let missing9;
if((((data68.claim === undefined) && (missing9 = "claim")) || ((data68.how === undefined) && (missing9 = "how"))) || ((data68.detail === undefined) && (missing9 = "detail"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing9})];
return false;
}
else {
const _errs140 = errors;
for(const key11 in data68){
if(!(((key11 === "claim") || (key11 === "how")) || (key11 === "detail"))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key11})];
return false;
break;
}
}
if(_errs140 === errors){
if(data68.claim !== undefined){
const _errs141 = errors;
if(!(validate40(data68.claim, {instancePath:instancePath+"/data/claim",parentData:data68,parentDataProperty:"claim",rootData}))){
vErrors = vErrors === null ? validate40.errors : vErrors.concat(validate40.errors);
errors = vErrors.length;
}
var valid29 = _errs141 === errors;
}
else {
var valid29 = true;
}
if(valid29){
if(data68.how !== undefined){
let data70 = data68.how;
const _errs142 = errors;
if(!((((data70 === "wire") || (data70 === "read-back")) || (data70 === "rest")) || (data70 === "file"))){
validate21.errors = [refused(instancePath+"/data/how", "enum", {allowedValues: schema6.oneOf[5].properties.data.properties.how.enum})];
return false;
}
var valid29 = _errs142 === errors;
}
else {
var valid29 = true;
}
if(valid29){
if(data68.detail !== undefined){
let data71 = data68.detail;
const _errs143 = errors;
if(errors === _errs143){
if(data71 && typeof data71 == "object" && !Array.isArray(data71)){
for(const key12 in data71){
let data72 = data71[key12];
const _errs146 = errors;
if((((typeof data72 !== "string") && (!((typeof data72 == "number") && (isFinite(data72))))) && (typeof data72 !== "boolean")) && (data72 !== null)){
validate21.errors = [refused(instancePath+"/data/detail/" + key12.replace(/~/g, "~0").replace(/\//g, "~1"), "type", {type: schema6.oneOf[5].properties.data.properties.detail.additionalProperties.type})];
return false;
}
var valid30 = _errs146 === errors;
if(!valid30){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/detail", "type", {type: "object"})];
return false;
}
}
var valid29 = _errs143 === errors;
}
else {
var valid29 = true;
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid28 = _errs138 === errors;
}
else {
var valid28 = true;
}
}
}
}
else if(tag0 === "unproved"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs149 = errors;
if("unproved" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "unproved"})];
return false;
}
var valid32 = _errs149 === errors;
}
else {
var valid32 = true;
}
if(valid32){
if(data.data !== undefined){
let data74 = data.data;
const _errs150 = errors;
if(errors === _errs150){
if(data74 && typeof data74 == "object" && !Array.isArray(data74)){
let missing10;
if((((data74.claim === undefined) && (missing10 = "claim")) || ((data74.verdict === undefined) && (missing10 = "verdict"))) || ((data74.reason === undefined) && (missing10 = "reason"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing10})];
return false;
}
else {
const _errs152 = errors;
for(const key13 in data74){
if(!(((key13 === "claim") || (key13 === "verdict")) || (key13 === "reason"))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key13})];
return false;
break;
}
}
if(_errs152 === errors){
if(data74.claim !== undefined){
const _errs153 = errors;
if(!(validate40(data74.claim, {instancePath:instancePath+"/data/claim",parentData:data74,parentDataProperty:"claim",rootData}))){
vErrors = vErrors === null ? validate40.errors : vErrors.concat(validate40.errors);
errors = vErrors.length;
}
var valid33 = _errs153 === errors;
}
else {
var valid33 = true;
}
if(valid33){
if(data74.verdict !== undefined){
let data76 = data74.verdict;
const _errs154 = errors;
if(!((data76 === "no") || (data76 === "unknown"))){
validate21.errors = [refused(instancePath+"/data/verdict", "enum", {allowedValues: schema6.oneOf[6].properties.data.properties.verdict.enum})];
return false;
}
var valid33 = _errs154 === errors;
}
else {
var valid33 = true;
}
if(valid33){
if(data74.reason !== undefined){
const _errs155 = errors;
if(typeof data74.reason !== "string"){
validate21.errors = [refused(instancePath+"/data/reason", "type", {type: "string"})];
return false;
}
var valid33 = _errs155 === errors;
}
else {
var valid33 = true;
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid32 = _errs150 === errors;
}
else {
var valid32 = true;
}
}
}
}
else if(tag0 === "left-behind"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs158 = errors;
if("left-behind" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "left-behind"})];
return false;
}
var valid35 = _errs158 === errors;
}
else {
var valid35 = true;
}
if(valid35){
if(data.data !== undefined){
let data79 = data.data;
const _errs159 = errors;
if(errors === _errs159){
if(data79 && typeof data79 == "object" && !Array.isArray(data79)){
let missing11;
if((((data79.reason === undefined) && (missing11 = "reason")) || ((data79.text === undefined) && (missing11 = "text"))) || ((data79.waiver === undefined) && (missing11 = "waiver"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing11})];
return false;
}
else {
const _errs161 = errors;
for(const key14 in data79){
if(!(((key14 === "reason") || (key14 === "text")) || (key14 === "waiver"))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key14})];
return false;
break;
}
}
if(_errs161 === errors){
if(data79.reason !== undefined){
let data80 = data79.reason;
const _errs162 = errors;
if(!(((((((((data80 === "off") || (data80 === "disabled")) || (data80 === "unreachable")) || (data80 === "refused")) || (data80 === "failed")) || (data80 === "deferred")) || (data80 === "wrong-peer")) || (data80 === "waived")) || (data80 === "web-socket"))){
validate21.errors = [refused(instancePath+"/data/reason", "enum", {allowedValues: schema6.oneOf[7].properties.data.properties.reason.enum})];
return false;
}
var valid36 = _errs162 === errors;
}
else {
var valid36 = true;
}
if(valid36){
if(data79.text !== undefined){
const _errs163 = errors;
if(typeof data79.text !== "string"){
validate21.errors = [refused(instancePath+"/data/text", "type", {type: "string"})];
return false;
}
var valid36 = _errs163 === errors;
}
else {
var valid36 = true;
}
if(valid36){
if(data79.waiver !== undefined){
let data82 = data79.waiver;
const _errs165 = errors;
const _errs166 = errors;
let valid37 = false;
const _errs167 = errors;
if(data82 !== null){
const err0 = refused(instancePath+"/data/waiver", "type", {type: "null"});
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
var _valid0 = _errs167 === errors;
valid37 = valid37 || _valid0;
if(!valid37){
const _errs169 = errors;
if(!(validate33(data82, {instancePath:instancePath+"/data/waiver",parentData:data79,parentDataProperty:"waiver",rootData}))){
vErrors = vErrors === null ? validate33.errors : vErrors.concat(validate33.errors);
errors = vErrors.length;
}
var _valid0 = _errs169 === errors;
valid37 = valid37 || _valid0;
}
if(!valid37){
const err1 = refused(instancePath+"/data/waiver", "anyOf", {});
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
validate21.errors = vErrors;
return false;
}
else {
errors = _errs166;
if(vErrors !== null){
if(_errs166){
vErrors.length = _errs166;
}
else {
vErrors = null;
}
}
}
var valid36 = _errs165 === errors;
}
else {
var valid36 = true;
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid35 = _errs159 === errors;
}
else {
var valid35 = true;
}
}
}
}
else if(tag0 === "caught-up"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs171 = errors;
if("caught-up" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "caught-up"})];
return false;
}
var valid39 = _errs171 === errors;
}
else {
var valid39 = true;
}
if(valid39){
if(data.data !== undefined){
let data84 = data.data;
const _errs172 = errors;
if(errors === _errs172){
if(data84 && typeof data84 == "object" && !Array.isArray(data84)){
for(const key15 in data84){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key15})];
return false;
break;
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid39 = _errs172 === errors;
}
else {
var valid39 = true;
}
}
}
}
else if(tag0 === "foreign-trust"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs176 = errors;
if("foreign-trust" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "foreign-trust"})];
return false;
}
var valid41 = _errs176 === errors;
}
else {
var valid41 = true;
}
if(valid41){
if(data.data !== undefined){
let data86 = data.data;
const _errs177 = errors;
if(errors === _errs177){
if(data86 && typeof data86 == "object" && !Array.isArray(data86)){
let missing12;
if((data86.thumbprints === undefined) && (missing12 = "thumbprints")){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing12})];
return false;
}
else {
const _errs179 = errors;
for(const key16 in data86){
if(!(key16 === "thumbprints")){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key16})];
return false;
break;
}
}
if(_errs179 === errors){
if(data86.thumbprints !== undefined){
let data87 = data86.thumbprints;
const _errs180 = errors;
if(errors === _errs180){
if(Array.isArray(data87)){
var valid43 = true;
const len5 = data87.length;
for(let i5=0; i5<len5; i5++){
const _errs182 = errors;
if(typeof data87[i5] !== "string"){
validate21.errors = [refused(instancePath+"/data/thumbprints/" + i5, "type", {type: "string"})];
return false;
}
var valid43 = _errs182 === errors;
if(!valid43){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/thumbprints", "type", {type: "array"})];
return false;
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid41 = _errs177 === errors;
}
else {
var valid41 = true;
}
}
}
}
else if(tag0 === "phase-started"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs185 = errors;
if("phase-started" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "phase-started"})];
return false;
}
var valid45 = _errs185 === errors;
}
else {
var valid45 = true;
}
if(valid45){
if(data.data !== undefined){
let data90 = data.data;
const _errs186 = errors;
if(errors === _errs186){
if(data90 && typeof data90 == "object" && !Array.isArray(data90)){
let missing13;
if((data90.phase === undefined) && (missing13 = "phase")){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing13})];
return false;
}
else {
const _errs188 = errors;
for(const key17 in data90){
if(!(key17 === "phase")){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key17})];
return false;
break;
}
}
if(_errs188 === errors){
if(data90.phase !== undefined){
if(!(validate37(data90.phase, {instancePath:instancePath+"/data/phase",parentData:data90,parentDataProperty:"phase",rootData}))){
vErrors = vErrors === null ? validate37.errors : vErrors.concat(validate37.errors);
errors = vErrors.length;
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid45 = _errs186 === errors;
}
else {
var valid45 = true;
}
}
}
}
else if(tag0 === "phase-finished"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs191 = errors;
if("phase-finished" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "phase-finished"})];
return false;
}
var valid48 = _errs191 === errors;
}
else {
var valid48 = true;
}
if(valid48){
if(data.data !== undefined){
let data93 = data.data;
const _errs192 = errors;
if(errors === _errs192){
if(data93 && typeof data93 == "object" && !Array.isArray(data93)){
let missing14;
if(((((data93.phase === undefined) && (missing14 = "phase")) || ((data93.outcome === undefined) && (missing14 = "outcome"))) || ((data93.outputs === undefined) && (missing14 = "outputs"))) || ((data93.refusals === undefined) && (missing14 = "refusals"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing14})];
return false;
}
else {
const _errs194 = errors;
for(const key18 in data93){
if(!((((key18 === "phase") || (key18 === "outcome")) || (key18 === "outputs")) || (key18 === "refusals"))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key18})];
return false;
break;
}
}
if(_errs194 === errors){
if(data93.phase !== undefined){
const _errs195 = errors;
if(!(validate37(data93.phase, {instancePath:instancePath+"/data/phase",parentData:data93,parentDataProperty:"phase",rootData}))){
vErrors = vErrors === null ? validate37.errors : vErrors.concat(validate37.errors);
errors = vErrors.length;
}
var valid49 = _errs195 === errors;
}
else {
var valid49 = true;
}
if(valid49){
if(data93.outcome !== undefined){
let data95 = data93.outcome;
const _errs196 = errors;
if(!(((((data95 === "continue") || (data95 === "stop")) || (data95 === "handed-over")) || (data95 === "refused")) || (data95 === "failed"))){
validate21.errors = [refused(instancePath+"/data/outcome", "enum", {allowedValues: schema6.oneOf[11].properties.data.properties.outcome.enum})];
return false;
}
var valid49 = _errs196 === errors;
}
else {
var valid49 = true;
}
if(valid49){
if(data93.outputs !== undefined){
let data96 = data93.outputs;
const _errs197 = errors;
if(errors === _errs197){
if(data96 && typeof data96 == "object" && !Array.isArray(data96)){
for(const key19 in data96){
const _errs200 = errors;
if(typeof data96[key19] !== "string"){
validate21.errors = [refused(instancePath+"/data/outputs/" + key19.replace(/~/g, "~0").replace(/\//g, "~1"), "type", {type: "string"})];
return false;
}
var valid50 = _errs200 === errors;
if(!valid50){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/outputs", "type", {type: "object"})];
return false;
}
}
var valid49 = _errs197 === errors;
}
else {
var valid49 = true;
}
if(valid49){
if(data93.refusals !== undefined){
let data98 = data93.refusals;
const _errs202 = errors;
if(errors === _errs202){
if(Array.isArray(data98)){
var valid51 = true;
const len6 = data98.length;
for(let i6=0; i6<len6; i6++){
let data99 = data98[i6];
const _errs204 = errors;
if(errors === _errs204){
if(data99 && typeof data99 == "object" && !Array.isArray(data99)){
let missing15;
if((((data99.code === undefined) && (missing15 = "code")) || ((data99.message === undefined) && (missing15 = "message"))) || ((data99.next === undefined) && (missing15 = "next"))){
validate21.errors = [refused(instancePath+"/data/refusals/" + i6, "required", {missingProperty: missing15})];
return false;
}
else {
const _errs206 = errors;
for(const key20 in data99){
if(!(((key20 === "code") || (key20 === "message")) || (key20 === "next"))){
validate21.errors = [refused(instancePath+"/data/refusals/" + i6, "additionalProperties", {additionalProperty: key20})];
return false;
break;
}
}
if(_errs206 === errors){
if(data99.code !== undefined){
const _errs207 = errors;
if(typeof data99.code !== "string"){
validate21.errors = [refused(instancePath+"/data/refusals/" + i6+"/code", "type", {type: "string"})];
return false;
}
var valid52 = _errs207 === errors;
}
else {
var valid52 = true;
}
if(valid52){
if(data99.message !== undefined){
const _errs209 = errors;
if(typeof data99.message !== "string"){
validate21.errors = [refused(instancePath+"/data/refusals/" + i6+"/message", "type", {type: "string"})];
return false;
}
var valid52 = _errs209 === errors;
}
else {
var valid52 = true;
}
if(valid52){
if(data99.next !== undefined){
const _errs211 = errors;
if(typeof data99.next !== "string"){
validate21.errors = [refused(instancePath+"/data/refusals/" + i6+"/next", "type", {type: "string"})];
return false;
}
var valid52 = _errs211 === errors;
}
else {
var valid52 = true;
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/refusals/" + i6, "type", {type: "object"})];
return false;
}
}
var valid51 = _errs204 === errors;
if(!valid51){
break;
}
}
}
else {
validate21.errors = [refused(instancePath+"/data/refusals", "type", {type: "array"})];
return false;
}
}
var valid49 = _errs202 === errors;
}
else {
var valid49 = true;
}
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid48 = _errs192 === errors;
}
else {
var valid48 = true;
}
}
}
}
else if(tag0 === "handed-over"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs214 = errors;
if("handed-over" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "handed-over"})];
return false;
}
var valid54 = _errs214 === errors;
}
else {
var valid54 = true;
}
if(valid54){
if(data.data !== undefined){
let data104 = data.data;
const _errs215 = errors;
if(errors === _errs215){
if(data104 && typeof data104 == "object" && !Array.isArray(data104)){
let missing16;
if((((data104.job === undefined) && (missing16 = "job")) || ((data104.unit === undefined) && (missing16 = "unit"))) || ((data104.relaySha256 === undefined) && (missing16 = "relaySha256"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing16})];
return false;
}
else {
const _errs217 = errors;
for(const key21 in data104){
if(!(((key21 === "job") || (key21 === "unit")) || (key21 === "relaySha256"))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key21})];
return false;
break;
}
}
if(_errs217 === errors){
if(data104.job !== undefined){
const _errs218 = errors;
if(typeof data104.job !== "string"){
validate21.errors = [refused(instancePath+"/data/job", "type", {type: "string"})];
return false;
}
var valid55 = _errs218 === errors;
}
else {
var valid55 = true;
}
if(valid55){
if(data104.unit !== undefined){
const _errs220 = errors;
if(typeof data104.unit !== "string"){
validate21.errors = [refused(instancePath+"/data/unit", "type", {type: "string"})];
return false;
}
var valid55 = _errs220 === errors;
}
else {
var valid55 = true;
}
if(valid55){
if(data104.relaySha256 !== undefined){
const _errs222 = errors;
if(!(validate24(data104.relaySha256, {instancePath:instancePath+"/data/relaySha256",parentData:data104,parentDataProperty:"relaySha256",rootData}))){
vErrors = vErrors === null ? validate24.errors : vErrors.concat(validate24.errors);
errors = vErrors.length;
}
var valid55 = _errs222 === errors;
}
else {
var valid55 = true;
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid54 = _errs215 === errors;
}
else {
var valid54 = true;
}
}
}
}
else if(tag0 === "relay-stage"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs224 = errors;
if("relay-stage" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "relay-stage"})];
return false;
}
var valid57 = _errs224 === errors;
}
else {
var valid57 = true;
}
if(valid57){
if(data.data !== undefined){
let data109 = data.data;
const _errs225 = errors;
if(errors === _errs225){
if(data109 && typeof data109 == "object" && !Array.isArray(data109)){
let missing17;
if(((data109.stage === undefined) && (missing17 = "stage")) || ((data109.text === undefined) && (missing17 = "text"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing17})];
return false;
}
else {
const _errs227 = errors;
for(const key22 in data109){
if(!((key22 === "stage") || (key22 === "text"))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key22})];
return false;
break;
}
}
if(_errs227 === errors){
if(data109.stage !== undefined){
const _errs228 = errors;
if(typeof data109.stage !== "string"){
validate21.errors = [refused(instancePath+"/data/stage", "type", {type: "string"})];
return false;
}
var valid58 = _errs228 === errors;
}
else {
var valid58 = true;
}
if(valid58){
if(data109.text !== undefined){
const _errs230 = errors;
if(typeof data109.text !== "string"){
validate21.errors = [refused(instancePath+"/data/text", "type", {type: "string"})];
return false;
}
var valid58 = _errs230 === errors;
}
else {
var valid58 = true;
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid57 = _errs225 === errors;
}
else {
var valid57 = true;
}
}
}
}
else if(tag0 === "run-queued"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs233 = errors;
if("run-queued" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "run-queued"})];
return false;
}
var valid60 = _errs233 === errors;
}
else {
var valid60 = true;
}
if(valid60){
if(data.data !== undefined){
let data113 = data.data;
const _errs234 = errors;
if(errors === _errs234){
if(data113 && typeof data113 == "object" && !Array.isArray(data113)){
let missing18;
if(((data113.taskId === undefined) && (missing18 = "taskId")) || ((data113.snapshot === undefined) && (missing18 = "snapshot"))){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing18})];
return false;
}
else {
const _errs236 = errors;
for(const key23 in data113){
if(!((key23 === "taskId") || (key23 === "snapshot"))){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key23})];
return false;
break;
}
}
if(_errs236 === errors){
if(data113.taskId !== undefined){
const _errs237 = errors;
if(typeof data113.taskId !== "string"){
validate21.errors = [refused(instancePath+"/data/taskId", "type", {type: "string"})];
return false;
}
var valid61 = _errs237 === errors;
}
else {
var valid61 = true;
}
if(valid61){
if(data113.snapshot !== undefined){
const _errs239 = errors;
if(typeof data113.snapshot !== "string"){
validate21.errors = [refused(instancePath+"/data/snapshot", "type", {type: "string"})];
return false;
}
var valid61 = _errs239 === errors;
}
else {
var valid61 = true;
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid60 = _errs234 === errors;
}
else {
var valid60 = true;
}
}
}
}
else if(tag0 === "ended"){
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.kind !== undefined){
const _errs242 = errors;
if("ended" !== data.kind){
validate21.errors = [refused(instancePath+"/kind", "const", {allowedValue: "ended"})];
return false;
}
var valid63 = _errs242 === errors;
}
else {
var valid63 = true;
}
if(valid63){
if(data.data !== undefined){
let data117 = data.data;
const _errs243 = errors;
if(errors === _errs243){
if(data117 && typeof data117 == "object" && !Array.isArray(data117)){
let missing19;
if((data117.outcome === undefined) && (missing19 = "outcome")){
validate21.errors = [refused(instancePath+"/data", "required", {missingProperty: missing19})];
return false;
}
else {
const _errs245 = errors;
for(const key24 in data117){
if(!(key24 === "outcome")){
validate21.errors = [refused(instancePath+"/data", "additionalProperties", {additionalProperty: key24})];
return false;
break;
}
}
if(_errs245 === errors){
if(data117.outcome !== undefined){
let data118 = data117.outcome;
if(!(((data118 === "completed") || (data118 === "rolled-back")) || (data118 === "abandoned"))){
validate21.errors = [refused(instancePath+"/data/outcome", "enum", {allowedValues: schema6.oneOf[15].properties.data.properties.outcome.enum})];
return false;
}
}
}
}
}
else {
validate21.errors = [refused(instancePath+"/data", "type", {type: "object"})];
return false;
}
}
var valid63 = _errs243 === errors;
}
else {
var valid63 = true;
}
}
}
}
else {
validate21.errors = [refused(instancePath, "discriminator", {error: "mapping", tag: "kind", tagValue: tag0})];
return false;
}
}
else {
validate21.errors = [refused(instancePath, "discriminator", {error: "tag", tag: "kind", tagValue: tag0})];
return false;
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
else {
validate21.errors = [refused(instancePath, "type", {type: "object"})];
return false;
}
}
validate21.errors = vErrors;
return errors === 0;
}

export const markerIsValid = validate47;
const schema15 = {"$schema":"http://json-schema.org/draft-07/schema#","$id":"https://octopus-rotation/schemas/lease.json","title":"Lease","description":"Who rotates: the value of the variable Rotation.Lease in the library set \"Octopus Rotation lease\" (src/journal/contract.ts).","type":"object","additionalProperties":false,"required":["format","rotation","rotationId","host","stateFolder","fence","holder","openedAt","heldSince"],"properties":{"format":{"const":1},"rotation":{"const":"server-certificate"},"rotationId":{"type":"string","pattern":"^sc-\\d{8}-[0-9a-f]{8}$"},"host":{"type":"string","pattern":"."},"stateFolder":{"type":"string","pattern":"."},"fence":{"type":"integer","minimum":1},"holder":{"type":"object","additionalProperties":false,"required":["runner","taskId","process"],"properties":{"runner":{"enum":["runbook","relay","terminal"]},"taskId":{"type":["string","null"]},"process":{"anyOf":[{"type":"null"},{"type":"object","additionalProperties":false,"required":["pid","started","boot"],"properties":{"pid":{"type":"integer","minimum":1},"started":{"type":"string"},"boot":{"type":"string"}}}]}}},"openedAt":{"type":"string","pattern":"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$"},"heldSince":{"type":"string","pattern":"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$"}}};
const pattern7 = new RegExp("^sc-\\d{8}-[0-9a-f]{8}$", "u");

function validate47(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
/*# sourceURL="https://octopus-rotation/schemas/lease.json" */;
let vErrors = null;
let errors = 0;
if(errors === 0){
if(data && typeof data == "object" && !Array.isArray(data)){
let missing0;
if((((((((((data.format === undefined) && (missing0 = "format")) || ((data.rotation === undefined) && (missing0 = "rotation"))) || ((data.rotationId === undefined) && (missing0 = "rotationId"))) || ((data.host === undefined) && (missing0 = "host"))) || ((data.stateFolder === undefined) && (missing0 = "stateFolder"))) || ((data.fence === undefined) && (missing0 = "fence"))) || ((data.holder === undefined) && (missing0 = "holder"))) || ((data.openedAt === undefined) && (missing0 = "openedAt"))) || ((data.heldSince === undefined) && (missing0 = "heldSince"))){
validate47.errors = [refused(instancePath, "required", {missingProperty: missing0})];
return false;
}
else {
const _errs1 = errors;
for(const key0 in data){
if(!(func2.call(schema15.properties, key0))){
validate47.errors = [refused(instancePath, "additionalProperties", {additionalProperty: key0})];
return false;
break;
}
}
if(_errs1 === errors){
if(data.format !== undefined){
const _errs2 = errors;
if(1 !== data.format){
validate47.errors = [refused(instancePath+"/format", "const", {allowedValue: 1})];
return false;
}
var valid0 = _errs2 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.rotation !== undefined){
const _errs3 = errors;
if("server-certificate" !== data.rotation){
validate47.errors = [refused(instancePath+"/rotation", "const", {allowedValue: "server-certificate"})];
return false;
}
var valid0 = _errs3 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.rotationId !== undefined){
let data2 = data.rotationId;
const _errs4 = errors;
if(errors === _errs4){
if(typeof data2 === "string"){
if(!pattern7.test(data2)){
validate47.errors = [{instancePath:instancePath+"/rotationId",keyword:"pattern",params:{pattern: "^sc-\\d{8}-[0-9a-f]{8}$"}}];
return false;
}
}
else {
validate47.errors = [refused(instancePath+"/rotationId", "type", {type: "string"})];
return false;
}
}
var valid0 = _errs4 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.host !== undefined){
let data3 = data.host;
const _errs6 = errors;
if(errors === _errs6){
if(typeof data3 === "string"){
if(!pattern1.test(data3)){
validate47.errors = [refused(instancePath+"/host", "pattern", {pattern: "."})];
return false;
}
}
else {
validate47.errors = [refused(instancePath+"/host", "type", {type: "string"})];
return false;
}
}
var valid0 = _errs6 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.stateFolder !== undefined){
let data4 = data.stateFolder;
const _errs8 = errors;
if(errors === _errs8){
if(typeof data4 === "string"){
if(!pattern1.test(data4)){
validate47.errors = [refused(instancePath+"/stateFolder", "pattern", {pattern: "."})];
return false;
}
}
else {
validate47.errors = [refused(instancePath+"/stateFolder", "type", {type: "string"})];
return false;
}
}
var valid0 = _errs8 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.fence !== undefined){
let data5 = data.fence;
const _errs10 = errors;
if(!(((typeof data5 == "number") && (!(data5 % 1) && !isNaN(data5))) && (isFinite(data5)))){
validate47.errors = [refused(instancePath+"/fence", "type", {type: "integer"})];
return false;
}
if(errors === _errs10){
if((typeof data5 == "number") && (isFinite(data5))){
if(data5 < 1 || isNaN(data5)){
validate47.errors = [refused(instancePath+"/fence", "minimum", {comparison: ">=", limit: 1})];
return false;
}
}
}
var valid0 = _errs10 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.holder !== undefined){
let data6 = data.holder;
const _errs12 = errors;
if(errors === _errs12){
if(data6 && typeof data6 == "object" && !Array.isArray(data6)){
let missing1;
if((((data6.runner === undefined) && (missing1 = "runner")) || ((data6.taskId === undefined) && (missing1 = "taskId"))) || ((data6.process === undefined) && (missing1 = "process"))){
validate47.errors = [refused(instancePath+"/holder", "required", {missingProperty: missing1})];
return false;
}
else {
const _errs14 = errors;
for(const key1 in data6){
if(!(((key1 === "runner") || (key1 === "taskId")) || (key1 === "process"))){
validate47.errors = [refused(instancePath+"/holder", "additionalProperties", {additionalProperty: key1})];
return false;
break;
}
}
if(_errs14 === errors){
if(data6.runner !== undefined){
let data7 = data6.runner;
const _errs15 = errors;
if(!(((data7 === "runbook") || (data7 === "relay")) || (data7 === "terminal"))){
validate47.errors = [refused(instancePath+"/holder/runner", "enum", {allowedValues: schema15.properties.holder.properties.runner.enum})];
return false;
}
var valid1 = _errs15 === errors;
}
else {
var valid1 = true;
}
if(valid1){
if(data6.taskId !== undefined){
let data8 = data6.taskId;
const _errs16 = errors;
if((typeof data8 !== "string") && (data8 !== null)){
validate47.errors = [refused(instancePath+"/holder/taskId", "type", {type: schema15.properties.holder.properties.taskId.type})];
return false;
}
var valid1 = _errs16 === errors;
}
else {
var valid1 = true;
}
if(valid1){
if(data6.process !== undefined){
let data9 = data6.process;
const _errs18 = errors;
const _errs19 = errors;
let valid2 = false;
const _errs20 = errors;
if(data9 !== null){
const err0 = refused(instancePath+"/holder/process", "type", {type: "null"});
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
var _valid0 = _errs20 === errors;
valid2 = valid2 || _valid0;
if(!valid2){
const _errs22 = errors;
if(errors === _errs22){
if(data9 && typeof data9 == "object" && !Array.isArray(data9)){
let missing2;
if((((data9.pid === undefined) && (missing2 = "pid")) || ((data9.started === undefined) && (missing2 = "started"))) || ((data9.boot === undefined) && (missing2 = "boot"))){
const err1 = refused(instancePath+"/holder/process", "required", {missingProperty: missing2});
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
else {
const _errs24 = errors;
for(const key2 in data9){
if(!(((key2 === "pid") || (key2 === "started")) || (key2 === "boot"))){
const err2 = refused(instancePath+"/holder/process", "additionalProperties", {additionalProperty: key2});
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
break;
}
}
if(_errs24 === errors){
if(data9.pid !== undefined){
let data10 = data9.pid;
const _errs25 = errors;
if(!(((typeof data10 == "number") && (!(data10 % 1) && !isNaN(data10))) && (isFinite(data10)))){
const err3 = refused(instancePath+"/holder/process/pid", "type", {type: "integer"});
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
if(errors === _errs25){
if((typeof data10 == "number") && (isFinite(data10))){
if(data10 < 1 || isNaN(data10)){
const err4 = refused(instancePath+"/holder/process/pid", "minimum", {comparison: ">=", limit: 1});
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
}
var valid3 = _errs25 === errors;
}
else {
var valid3 = true;
}
if(valid3){
if(data9.started !== undefined){
const _errs27 = errors;
if(typeof data9.started !== "string"){
const err5 = refused(instancePath+"/holder/process/started", "type", {type: "string"});
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
var valid3 = _errs27 === errors;
}
else {
var valid3 = true;
}
if(valid3){
if(data9.boot !== undefined){
const _errs29 = errors;
if(typeof data9.boot !== "string"){
const err6 = refused(instancePath+"/holder/process/boot", "type", {type: "string"});
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
var valid3 = _errs29 === errors;
}
else {
var valid3 = true;
}
}
}
}
}
}
else {
const err7 = refused(instancePath+"/holder/process", "type", {type: "object"});
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
var _valid0 = _errs22 === errors;
valid2 = valid2 || _valid0;
}
if(!valid2){
const err8 = refused(instancePath+"/holder/process", "anyOf", {});
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
validate47.errors = vErrors;
return false;
}
else {
errors = _errs19;
if(vErrors !== null){
if(_errs19){
vErrors.length = _errs19;
}
else {
vErrors = null;
}
}
}
var valid1 = _errs18 === errors;
}
else {
var valid1 = true;
}
}
}
}
}
}
else {
validate47.errors = [refused(instancePath+"/holder", "type", {type: "object"})];
return false;
}
}
var valid0 = _errs12 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.openedAt !== undefined){
let data13 = data.openedAt;
const _errs31 = errors;
if(errors === _errs31){
if(typeof data13 === "string"){
if(!pattern0.test(data13)){
validate47.errors = [{instancePath:instancePath+"/openedAt",keyword:"pattern",params:{pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$"}}];
return false;
}
}
else {
validate47.errors = [refused(instancePath+"/openedAt", "type", {type: "string"})];
return false;
}
}
var valid0 = _errs31 === errors;
}
else {
var valid0 = true;
}
if(valid0){
if(data.heldSince !== undefined){
let data14 = data.heldSince;
const _errs33 = errors;
if(errors === _errs33){
if(typeof data14 === "string"){
if(!pattern0.test(data14)){
validate47.errors = [{instancePath:instancePath+"/heldSince",keyword:"pattern",params:{pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$"}}];
return false;
}
}
else {
validate47.errors = [refused(instancePath+"/heldSince", "type", {type: "string"})];
return false;
}
}
var valid0 = _errs33 === errors;
}
else {
var valid0 = true;
}
}
}
}
}
}
}
}
}
}
}
}
else {
validate47.errors = [refused(instancePath, "type", {type: "object"})];
return false;
}
}
validate47.errors = vErrors;
return errors === 0;
}
