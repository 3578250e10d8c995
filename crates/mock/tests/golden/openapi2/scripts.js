// == GET /pets/{id}
// Made by Weir from the definition, 90fac91f2cef8294; once edited, it is left alone.
var responses = {};

responses["200"] = {};
responses["200"]["application/json"] = {
  "id": 7,
  "name": "Rex"
};
responses["200"]["application/xml"] = <pet id="0"><name>&#123;curly&#125;</name><tags><tag>string</tag></tags></pet>;

responses["default"] = {};
responses["default"]["application/json"] = {
  "code": 0
};
responses["default"]["application/xml"] = <response><code>0</code></response>;

var usualCode = "200";
// == DELETE /pets/{id}
// Made by Weir from the definition, a1a68dc9a695a232; once edited, it is left alone.
var responses = {};

responses["204"] = {};

var usualCode = "204";
