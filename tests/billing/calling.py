"""A program with a key, and what a problem document has to be."""

from itertools import count

from django.test import Client

PROBLEM = "application/problem+json"
_numbers = count(1)


class Program:
    """Calls the API. A write gets a fresh Idempotency-Key unless `key` says which; "" is none."""

    def __init__(self, key, organization="", **headers):
        self.headers = {"Authorization": f"Bearer {key.text}", **headers}
        if organization:
            self.headers["Storefront-Organization"] = organization
        self.client = Client()

    def get(self, path, query=None, **headers):
        return self.client.get(f"/api/v1/{path}", query or {}, headers=self.headers | _named(headers))

    def post(self, path, body=None, key=None, **headers):
        return self.send("post", path, body, f"k-{next(_numbers)}" if key is None else key, headers)

    def patch(self, path, body, key="", **headers):
        return self.send("patch", path, body, key, headers)

    def delete(self, path, key="", **headers):
        return self.send("delete", path, None, key, headers)

    def send(self, method, path, body, key, headers):
        said = self.headers | ({"Idempotency-Key": key} if key else {}) | _named(headers)
        send = getattr(self.client, method)
        return send(f"/api/v1/{path}", body if body is not None else {}, content_type="application/json", headers=said)


def _named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def assert_problem(response, status, kind, pointer=None):
    assert (response.status_code, response.headers["Content-Type"]) == (status, PROBLEM), response.content
    body = response.json()
    assert body["type"] == f"urn:storefront:problem:{kind}"
    if pointer is not None:
        assert pointer in [error["pointer"] for error in body["errors"]], body
    return body
