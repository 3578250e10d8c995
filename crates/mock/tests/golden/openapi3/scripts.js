// == GET /pets
// note: the example `far` of 200 application/json is in another document and is not fetched
// note: the response `never` is neither a status nor `default`
// note: 200 application/problem+xml: the example is no XML: line 1, column 1: not well-formed XML: syntax error: tag not closed: `>` not found before end of input
// Made by Weir from the definition, 8e44a8ac0892ba2d; once edited, it is left alone.
var responses = {};

responses["200"] = {};
responses["200"]["application/json"] = [
  {
    "name": "A \"b\""
  },
  {
    "name": "Rex"
  }
];
responses["200"]["text/csv"] = "name\nRex\n";
responses["200"]["application/xml"] = <pets><pet>&#123;Rex&#125; &amp; co</pet></pets>;
// application/problem+xml has no answer: the example is no XML: line 1, column 1: not well-formed XML: syntax error: tag not closed: `>` not found before end of input

responses["4XX"] = {};
responses["4XX"]["application/json"] = JSON.parse("{\"__proto__\":\"string\"}");

var usualCode = "200";
// == POST /pets
// note: default application/json: every value of the schema is endless or too large; make a property optional
// Made by Weir from the definition, 597e62ed7ae21b53; once edited, it is left alone.
var responses = {};

responses["default"] = {};
// application/json has no answer: every value of the schema is endless or too large; make a property optional

var usualCode = "200";
// == GET /name
// Made by Weir from the definition, 980b5a74c55ee60f; once edited, it is left alone.
var responses = {};

responses["200"] = {};
responses["200"]["application/json"] = "\"Rex\"";
responses["200"]["text/plain"] = "";

responses["500"] = {};
responses["500"]["application/json"] = "0";

var usualCode = "200";
