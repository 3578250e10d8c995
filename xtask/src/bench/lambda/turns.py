"""Calls a function directly and through the gateway, in turns, over one connection each.

Arguments: the ports of the emulator and of the gateway, the path there, and how many pairs. Prints
the median and the 90th percentile of both, and of the differences within pairs, in milliseconds.
"""

import http.client
import json
import statistics
import sys
import time

emulator, gateway, path, pairs = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
event = json.dumps({"httpMethod": "GET", "path": "/*", "headers": {}, "body": "{}"})
ways = {
    "direct": (http.client.HTTPConnection("127.0.0.1", emulator), "POST",
               "/2015-03-31/functions/bench/invocations", event),
    "weir": (http.client.HTTPConnection("127.0.0.1", gateway), "GET", path, None),
}


def timed(connection, method, target, body):
    start = time.perf_counter()
    connection.request(method, target, body)
    answer = connection.getresponse()
    data = answer.read()
    took = time.perf_counter() - start
    assert (answer.status, len(data)) == (200, 1024), (answer.status, data)
    return took * 1000


for way in ways.values():
    for _ in range(50):
        timed(*way)
seen = {"direct": [], "weir": []}
for number in range(pairs):
    # Whoever is called second may find caches warm, so they change places.
    order = list(ways) if number % 2 else list(reversed(ways))
    for name in order:
        seen[name].append(timed(*ways[name]))
seen["difference"] = [weir - direct for weir, direct in zip(seen["weir"], seen["direct"])]
print(json.dumps({name: [statistics.median(times), statistics.quantiles(times, n=10)[8]]
                  for name, times in seen.items()}))
