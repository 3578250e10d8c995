"""An authorization server made of Authlib, and a backend that asks for its tokens.

Arguments: how many seconds tokens live, and the public key of the client `key-jwt`.
`GET /calls` tells which tokens were asked for; `POST /revoke` revokes all of them.
"""
import json, logging, os, sys, threading, time
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
logging.disable(logging.CRITICAL)
from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from flask import Flask, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

life = int(sys.argv[1])
key = sys.argv[2] if len(sys.argv) > 2 else ""
lock, tokens, calls, users = threading.Lock(), {}, [], {"max m\u00fcller": "p&ss=w+rd%20\u20ac"}


class Client(ClientMixin):
    def __init__(self, client_id, secret, method, grant_types):
        self.id, self.secret, self.method, self.grants = client_id, secret, method, grant_types

    def get_client_id(self):
        return self.id

    def get_allowed_scope(self, scope):
        return scope or ""

    def check_client_secret(self, secret):
        return self.secret == secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == self.method

    def check_grant_type(self, grant_type):
        return grant_type in self.grants


ALL = ["client_credentials", "password", "refresh_token"]
clients = {
    name: Client(name, "s&cret:+/\u00fc" if method == "client_secret_post" else "s3cret", method, ALL)
    for name, method in [
        ("basic", "client_secret_basic"),
        ("post", "client_secret_post"),
        ("secret-jwt", "client_assertion_jwt"),
        ("key-jwt", "client_assertion_jwt"),
    ]
}


class Token(TokenMixin):
    def __init__(self, client, user, values):
        self.client, self.user, self.values, self.made, self.revoked = client, user, values, time.time(), False

    def check_client(self, client):
        return self.client.id == client.id

    def get_scope(self):
        return self.values.get("scope", "")

    def get_expires_in(self):
        return self.values["expires_in"]

    def is_expired(self):
        return time.time() > self.made + self.values["expires_in"]

    def is_revoked(self):
        return self.revoked

    def get_user(self):
        return self.user

    def get_client(self):
        return self.client


def save(values, request):
    with lock:
        token = Token(request.client, request.user, values)
        tokens[values["access_token"]] = token
        if values.get("refresh_token"):
            tokens[values["refresh_token"]] = token


class Password(grants.ResourceOwnerPasswordCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def authenticate_user(self, username, password):
        return username if users.get(username) == password else None


class Refresh(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, text):
        token = tokens.get(text)
        return token if token and not token.revoked else None

    def authenticate_user(self, token):
        return token.user

    def revoke_old_credential(self, token):
        token.revoked = True


class Credentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "client_assertion_jwt"]


class Assertion(JWTBearerClientAssertion):
    def get_audiences(self):
        return [f"http://127.0.0.1:{main.server_port}/token"]

    def validate_jti(self, claims, jti):
        with lock:
            fresh = jti not in tokens
            tokens[jti] = None
            return fresh

    def resolve_client_public_key(self, client):
        return key if client.id == "key-jwt" else client.secret


app = Flask("tokens")
app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {name: life for name in ALL}
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
server = AuthorizationServer(app, query_client=clients.get, save_token=save)
for grant in (Credentials, Password, Refresh):
    server.register_grant(grant)


class Validator(BearerTokenValidator):
    def authenticate_token(self, text):
        return tokens.get(text)


protect = ResourceProtector()
protect.register_token_validator(Validator())


@app.route("/token", methods=["POST"])
def token():
    with lock:
        calls.append({k: v for k, v in request.form.items() if k in ("grant_type", "scope", "client_id", "tenant")})
    return server.create_token_response()


@app.route("/api/<path:rest>", methods=["GET", "POST"])
@protect()
def api(rest):
    body = request.get_data().decode()
    return jsonify(client=current_token.client.id, user=current_token.user, scope=current_token.get_scope(), body=body)


@app.route("/calls")
def seen():
    return jsonify(calls)


@app.route("/revoke", methods=["POST"])
def revoke():
    with lock:
        for token in tokens.values():
            if token is not None:
                token.revoked = True
    return ""


WSGIRequestHandler.protocol_version = "HTTP/1.1"
main = make_server("127.0.0.1", int(os.environ["PORT"]), app, threaded=True)
server.register_client_auth_method(JWTBearerClientAssertion.CLIENT_AUTH_METHOD, Assertion())
print(main.server_port, flush=True)
main.serve_forever()
