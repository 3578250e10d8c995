"""A backend that takes for HTTP whatever could be meant as such: lines that end in a line feed,
blanks of any kind anywhere, names with underscores for hyphens, `chunked` wherever it stands in a
coding, numbers as int() reads them, of which 32 bits count. Chunks win over a length."""

import json
import re
import socketserver
import threading

WRITING = threading.Lock()
BLANK = b" \t\r\n\x0b\x0c\x00\xa0\"'"


def number(text, base):
    try:
        return int(text.strip(BLANK).split(b" ")[0] or b"0", base) & 0xFFFFFFFF
    except ValueError:
        digits = re.match(rb"[+\-]?(0x)?([0-9a-f]+)", text.strip(BLANK).lower())
        return int(digits[2], base) & 0xFFFFFFFF if digits else 0


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while self.exchange():
            pass

    def exchange(self):
        line = b"\n"
        while line and not line.strip(BLANK):
            line = self.rfile.readline()
        if not line:
            return False
        words = line.split()
        fields = self.fields()
        method = words[0].decode("latin-1")
        target = words[1].decode("latin-1") if len(words) > 1 else ""
        body, whole = (b"", False) if fields is None else self.body(fields)
        ident = (fields or {}).get(b"x-request-id", [b""])[0].strip(BLANK)
        seen = {
            "id": ident.decode("latin-1"),
            "method": method,
            "target": target,
            "body": body.hex(),
            "whole": whole,
        }
        with WRITING, open("seen", "a") as file:
            file.write(json.dumps(seen) + "\n")
        if not whole:
            return False
        length = str(len(ident)).encode()
        head = b"HTTP/1.1 200 OK\r\nX-Seen: " + ident + b"\r\nContent-Length: " + length
        self.wfile.write(head + b"\r\n\r\n" + (b"" if method == "HEAD" else ident))
        return True

    def fields(self):
        """The fields up to an empty line; a fold belongs to the line before, and a carriage return
        alone ends a line too."""
        fields, last = {}, None
        while True:
            read = self.rfile.readline()
            if not read:
                return None
            if not read.strip(b"\r\n"):
                return fields
            for line in read.replace(b"\r", b"\n").split(b"\n"):
                name, _, value = line.partition(b":")
                if line[:1] in (b" ", b"\t") and last:
                    fields[last][-1] += b" " + line.strip(BLANK)
                elif line:
                    last = name.strip(BLANK).lower().replace(b"_", b"-")
                    fields.setdefault(last, []).append(value)

    def body(self, fields):
        if any(b"chunked" in value.lower() for value in fields.get(b"transfer-encoding", [])):
            return self.chunks()
        length = number(fields.get(b"content-length", [b"0"])[-1], 10)
        body = self.rfile.read(length)
        return body, len(body) == length

    def chunks(self):
        body = b""
        while True:
            line = self.rfile.readline()
            if not line:
                return body, False
            size = number(line.split(b";")[0], 16)
            if size == 0:
                return body, self.fields() is not None
            data = self.rfile.read(size)
            body += data
            if len(data) < size:
                return body, False
            self.rfile.readline()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
