"""An S3 server for the tests: moto's, with accounts whose signatures and permissions it checks.

Called with a certificate and its key, with which it listens a second time, over TLS, as `moto_server --ssl-cert --ssl-key` does.
Prints one line of JSON: the ports, and an access key and its secret for an account that may do everything, and for one that may
only read. Ends when its standard input does.
"""

import json
import sys
import threading

from urllib.parse import parse_qsl, quote

import boto3
import moto.server
import requests
from moto.iam.access_control import IAMRequestBase
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

made = IAMRequestBase._create_aws_request


def as_it_was_sent(request):
    """moto 5.2 signs a query as it reads it, with "/" for "%2F", so that boto3's own requests do not fit either."""
    path, _, query = request._path.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
    request._path = f"{path}?{query}" if query else path
    return made(request)


IAMRequestBase._create_aws_request = as_it_was_sent

server = moto.server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, port = server.get_host_and_port()
# What is stored and who may do what is the same for both.
certificate_and_key = (sys.argv[1], sys.argv[2])
app = DomainDispatcherApplication(create_backend_app)
over_tls = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=certificate_and_key)
threading.Thread(target=over_tls.serve_forever, daemon=True).start()
how = {
    "endpoint_url": f"http://127.0.0.1:{port}",
    "region_name": "us-east-1",
    "aws_access_key_id": "none",
    "aws_secret_access_key": "none",
}
iam = boto3.client("iam", **how)
s3 = boto3.client("s3", **how)
for bucket in ["contract", "cut", "wrong", "whole", "box"]:
    s3.create_bucket(Bucket=bucket)


def account(name, actions):
    iam.create_user(UserName=name)
    statement = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return [key["AccessKeyId"], key["SecretAccessKey"]]


accounts = {"all": account("all", "s3:*"), "reads": account("reads", ["s3:Get*", "s3:List*", "s3:Head*"])}
ports = {"port": port, "tlsPort": over_tls.server_address[1]}
print(json.dumps({**ports, **accounts}), flush=True)
# From now on every signature and permission is checked.
requests.post(f"http://127.0.0.1:{port}/moto-api/reset-auth", data=b"0", timeout=10)
print("checks", flush=True)
sys.stdin.read()
