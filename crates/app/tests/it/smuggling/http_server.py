"""Records what Python's http.server makes of what it is sent. As most programs that are written on
it, it goes by Content-Length where there is one, and reads no body of a GET."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# How many fields it takes; the gateway's own limit is what is tried.
http.client._MAXHEADERS = 10000
WRITING = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.serve
        raise AttributeError(name)

    def record(self, body=b"", whole=True, target=None):
        headers = getattr(self, "headers", None) or {}
        seen = {
            "id": headers.get("X-Request-ID", ""),
            "method": self.command or "",
            "target": target or self.path,
            "body": body.hex(),
            "whole": whole,
        }
        with WRITING, open("seen", "a") as file:
            file.write(json.dumps(seen) + "\n")

    def serve(self):
        body, whole = self.body()
        self.record(body, whole)
        if not whole:
            self.close_connection = True
            return
        answer = self.headers.get("X-Request-ID", "").encode()
        self.send_response(200)
        self.send_header("X-Seen", answer.decode())
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    def body(self):
        if self.command in ("GET", "HEAD"):
            return b"", True
        length = self.headers.get("Content-Length")
        if length is not None:
            body = self.rfile.read(int(length))
            return body, len(body) == int(length)
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return b"", True
        body = b""
        while True:
            line = self.rfile.readline()
            if not line:
                return body, False
            size = int(line.split(b";")[0], 16)
            data = self.rfile.read(size)
            body += data
            if len(data) < size:
                return body, False
            # The end of the data; after the last chunk, the trailers.
            while True:
                line = self.rfile.readline()
                if not line:
                    return body, False
                if size or not line.strip():
                    break
            if not size:
                return body, True

    def send_error(self, code, message=None, explain=None):
        self.record(whole=False, target=f"{code} {self.raw_requestline!r}")
        super().send_error(code, message, explain)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
