responses["501"] = responses["501"] || {
  "application/json": { "code": 501, "description": "Not Implemented" },
  "application/xml": <response><code>501</code><description>Not Implemented</description></response>
};

// ?responseCode=404 asks for another answer.
var responseCode = mc.getProperty('query.param.responseCode');
var accept = mc.getProperty('AcceptHeader');
var responseCodeSC = responseCode == null || responseCode == "" ? usualCode : String(responseCode);
var answers = responses[responseCodeSC] || responses[responseCodeSC.charAt(0) + "XX"] || responses["default"];
if (!/^[1-5][0-9][0-9]$/.test(responseCodeSC) || !answers) {
  responseCodeSC = "501";
  answers = responses["501"];
}

// How much the client wants a media type, from 0 to 1.
function quality(type) {
  var ranges = String(accept == null ? "" : accept).toLowerCase().split(",");
  var best = 0, rank = 0;
  for (var i = 0; i < ranges.length; i++) {
    var parts = ranges[i].replace(/\s/g, "").split(";");
    var own = type.toLowerCase().replace(/\s/g, "").split(";")[0];
    var found = parts[0] == own ? 3 : parts[0] == own.split("/")[0] + "/*" ? 2 : parts[0] == "*/*" ? 1 : 0;
    if (found > rank) {
      rank = found;
      best = 1;
      for (var j = 1; j < parts.length; j++) {
        if (parts[j].indexOf("q=") == 0) best = parseFloat(parts[j].substring(2)) || 0;
      }
    }
  }
  return best;
}

// The best media type; JSON, XML or the first where none is acceptable.
var contentType = null, first = null, best = 0;
for (var type in answers) {
  first = first || type;
  if (quality(type) > best) {
    best = quality(type);
    contentType = type;
  }
}
if (contentType == null || (answers["application/json"] !== undefined && quality("application/json") == best)) {
  contentType = answers["application/json"] !== undefined ? "application/json"
    : answers["application/xml"] !== undefined ? "application/xml" : first;
}

var essence = String(contentType).split(";")[0];
mc.setProperty('CONTENT_TYPE', contentType == null ? "application/json" : contentType);
mc.setProperty('HTTP_SC', responseCodeSC);
if (contentType == null || answers[contentType] === "") {
  mc.setProperty('NO_ENTITY_BODY', true, 'axis2');
} else if (/json$/.test(essence)) {
  mc.setPayloadJSON(answers[contentType]);
} else if (/xml$/.test(essence)) {
  mc.setPayloadXML(answers[contentType]);
} else {
  var text = String(answers[contentType]).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  mc.setPayloadXML('<text xmlns="http://ws.apache.org/commons/ns/payload">' + text + '</text>');
}
