"""A member of a group: writes down every request that bears an id, and fails where it is told to.

Arguments: its name, and how many seconds it takes to answer. While there is a file `closed` in its
folder it closes connections as soon as it has accepted them. The ids are in the file `arrived` too,
which remains when the process is killed.
"""

import json
import os
import socket
import struct
import sys
import threading
import time
import zlib

NAME, DELAY = sys.argv[1], float(sys.argv[2])
HOST = sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1"
SEEN = []
ARRIVED = open("arrived", "ab", 0)


def head(reader):
    """Method, target and fields of the next request; None at the end of the connection."""
    line = reader.readline()
    if not line.endswith(b"\n"):
        return None
    fields = {}
    while True:
        field = reader.readline()
        if not field.endswith(b"\n"):
            return None
        if field == b"\r\n":
            method, target, _ = line.decode().split(" ")
            return method, target, fields
        name, value = field.decode().split(":", 1)
        fields[name.lower()] = value.strip()


def body(reader, fields, is_half):
    """A body, or about half of it; None where it broke off."""
    if "content-length" in fields:
        length = int(fields["content-length"])
        length = length // 2 if is_half else length
        data = reader.read(length)
        return data if len(data) == length else None
    data = b""
    while "transfer-encoding" in fields:
        line = reader.readline()
        if not line:
            return None
        size = int(line, 16)
        chunk = reader.read(size + 2)
        if len(chunk) < size + 2:
            return None
        data += chunk[:-2]
        if size == 0 or is_half:
            break
    return data


def answer(connection, reader, is_kept):
    """Whether the connection goes on after a request."""
    asked = head(reader)
    if asked is None:
        return False
    method, target, fields = asked
    seen = {"id": fields.get("x-id"), "method": method, "whole": False}
    if seen["id"]:
        SEEN.append(seen)
        ARRIVED.write(seen["id"].encode() + b"\n")
    point = fields.get("x-fail", "")
    if NAME not in fields.get("x-fail-at", NAME).split(","):
        point = ""
    if point.startswith("kept "):
        point = point[5:] if is_kept else ""
    if point == "head":
        return end(connection, reader, fields)
    data = body(reader, fields, point == "half")
    if data is None:
        return False
    if point == "half":
        return end(connection, reader, fields)
    seen["whole"] = True
    if point == "whole":
        return end(connection, reader, fields)
    time.sleep(DELAY)
    text = json.dumps(SEEN) if target == "/seen" else NAME
    if point == "break":
        text = "x" * 100_000
    sum = f"X-Sum: {zlib.adler32(data)}\r\n" if data else ""
    start = f"HTTP/1.1 200 OK\r\nX-Member: {NAME}\r\n{sum}Content-Length: {len(text)}\r\n\r\n"
    if method == "HEAD":
        text = ""
    if point == "answer":
        connection.sendall(start[: len(start) // 2].encode())
        return end(connection, reader, fields)
    if point == "break":
        connection.sendall((start + text[: len(text) // 2]).encode())
        # A reset throws away what has not arrived, so the client says when it has the half.
        while not os.path.exists("break"):
            time.sleep(0.005)
        return end(connection, reader, fields)
    connection.sendall((start + text).encode())
    return True


def end(connection, reader, fields):
    """Ends a connection, by a reset or as it should be."""
    if "x-reset" in fields:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(1)
    while reader.read1(65536):
        pass
    return False


def serve(connection):
    is_kept = False
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        with connection, connection.makefile("rb") as reader:
            while answer(connection, reader, is_kept):
                is_kept = True
    except OSError:
        pass


listener = socket.create_server((HOST, int(os.environ["PORT"])), backlog=128)
print(listener.getsockname()[1], flush=True)
while True:
    accepted, _ = listener.accept()
    if os.path.exists("closed"):
        accepted.close()
    else:
        threading.Thread(target=serve, args=(accepted,), daemon=True).start()
