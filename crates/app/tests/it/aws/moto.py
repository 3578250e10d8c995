"""AWS as moto has it: 60 functions in eu-west-1, and roles that may be assumed."""

import io
import logging
import threading
import zipfile

import boto3
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"
options = {"endpoint_url": url, "region_name": "eu-west-1", "aws_access_key_id": "maker",
           "aws_secret_access_key": "secret"}
role = boto3.client("iam", **options).create_role(RoleName="runner", AssumeRolePolicyDocument="{}")
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("f.py", "def answer(event, context): return event")
functions = boto3.client("lambda", **options)
for number in range(60):
    functions.create_function(FunctionName=f"f{number:02}", Runtime="python3.13",
                              Role=role["Role"]["Arn"], Handler="f.answer",
                              Code={"ZipFile": code.getvalue()})
print(port, flush=True)
threading.Event().wait()
