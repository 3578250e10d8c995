"""Prints the `Authorization` that botocore would send, for each request on standard input."""

import base64
import datetime
import json
import sys
from unittest import mock

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

for line in sys.stdin:
    case = json.loads(line)
    moment = datetime.datetime.fromtimestamp(case["seconds"], datetime.timezone.utc)
    headers = dict(case["headers"], host=case["host"])
    headers["content-type"] = "application/json"
    url = f"https://{case['host']}{case['path']}"
    request = AWSRequest("POST", url, headers, base64.b64decode(case["body"]))
    keys = Credentials(case["id"], case["secret"], case["token"])
    with mock.patch.object(auth, "get_current_datetime", lambda: moment.replace(tzinfo=None)):
        auth.SigV4Auth(keys, "lambda", case["region"]).add_auth(request)
    print(request.headers["Authorization"])
