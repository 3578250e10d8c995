"""A function that gives 1 KiB, by the runtime API of Lambda; the argument is where that is."""

import http.client
import sys

host, path = sys.argv[1].split("/", 1)
work = f"/{path}/2018-06-01/runtime/invocation"
connection = http.client.HTTPConnection(host)
while True:
    connection.request("GET", f"{work}/next")
    call = connection.getresponse()
    call.read()
    invocation = call.headers["Lambda-Runtime-Aws-Request-Id"]
    connection.request("POST", f"{work}/{invocation}/response", b'"' + 1022 * b"x" + b'"')
    connection.getresponse().read()
