"""A service that takes calls of Lambda if botocore would have signed them so, and no others.

Arguments: key, secret, session token (or nothing), region, and where calls go on to; without that
the event comes back. Names of functions go on as `_`, and what fails there with status 500 is told
as Lambda tells it.
"""

import http.client
import http.server
import json
import os
import sys
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY, SECRET, TOKEN, REGION, UPSTREAM = (sys.argv[1:] + [""] * 5)[:5]


def problem(method, path, headers, body):
    """Why a call is refused; None for one that is signed as it has to be."""
    authorization = headers.get("authorization") or ""
    if not authorization.startswith("AWS4-HMAC-SHA256 "):
        return "there is no signature"
    parts = dict(part.strip().split("=", 1) for part in authorization[17:].split(","))
    names = parts["SignedHeaders"].split(";")
    wanted = {name.lower() for name in headers if name.lower().startswith("x-amz-")} | {"host"}
    if not wanted <= set(names):
        return f"not signed: {wanted - set(names)}"
    if (headers.get("x-amz-security-token") or "") != TOKEN:
        return "the token is not the one of these keys"
    date = headers["x-amz-date"]
    scope = f"{KEY}/{date[:8]}/{REGION}/lambda/aws4_request"
    if parts["Credential"] != scope:
        return f"the scope is {parts['Credential']}, not {scope}"
    signed = {name: headers[name] for name in names}
    request = AWSRequest(method, f"http://{headers['host']}{path}", signed, body)
    request.context["timestamp"] = date
    auth = SigV4Auth(Credentials(KEY, SECRET), "lambda", REGION)
    canonical = auth.canonical_request(request)
    own = auth.signature(auth.string_to_sign(request, canonical), request)
    if own != parts["Signature"]:
        return f"the signature is not that of\n{canonical}"
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        why = problem(self.command, self.path, self.headers, body)
        if why is not None:
            text = json.dumps({"message": why}).encode()
            return self.answer(403, {"x-amzn-ErrorType": "InvalidSignatureException"}, text)
        if not UPSTREAM:
            return self.answer(200, {"x-verified": "yes"}, body)
        upstream = urlsplit(UPSTREAM)
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port)
        parts = self.path.split("?")[0].split("/")
        parts[3] = "_"
        connection.request("POST", "/".join(parts), body, {"content-type": "application/json"})
        answer = connection.getresponse()
        payload = answer.read()
        failed = {"X-Amz-Function-Error": "Unhandled"} if answer.status == 500 else {}
        self.answer(200, failed, payload)

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Handler)
print(server.server_port, flush=True)
server.serve_forever()
