"""One call: over TLS proven by the name, to no proxy, for no longer than is good, whatever the other side does."""

import contextlib
import socket
import ssl
import threading
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accounts import webhook_calls
from config import clock
from tests import receiver


@contextlib.contextmanager
def saying(*pieces, pause=0.0):
    """A server that sends these bytes to whoever comes, with a pause before each."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            with contextlib.suppress(OSError):
                connection, _address = listening.accept()
                with connection:
                    connection.recv(65536)
                    for piece in pieces:
                        stop.wait(pause)
                        connection.sendall(piece)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        stop.set()
        thread.join(10)


def certificate(tmp_path, name):
    """A certificate of its own making for a name; the path of it with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = clock.wall()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / f"{name}.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return str(path)


@pytest.mark.parametrize(
    ("name", "is_trusted", "wanted"), [("localhost", True, ""), ("localhost", False, "tls"), ("other.example", True, "tls")]
)
def test_the_certificate_is_proven_by_the_name(tmp_path, monkeypatch, name, is_trusted, wanted):
    path = certificate(tmp_path, name)
    trust = ssl.create_default_context(cafile=path if is_trusted else None)
    monkeypatch.setattr(webhook_calls, "_trust", lambda: trust)
    with receiver.listening() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        asked = []
        context.sni_callback = lambda _socket, said, _context: asked.append(said)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        answer = webhook_calls.post(f"https://localhost:{server.server_address[1]}/", {}, b"{}")
    assert answer.failure == wanted
    assert asked == ["localhost"]
    assert len(server.taken) == (0 if wanted else 1)


def test_proxies_of_the_environment_are_not_asked(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with receiver.listening() as server:
        assert webhook_calls.post(server.url, {}, b"{}").status == 204


def test_whoever_drips_is_left_when_the_whole_time_is_over(monkeypatch):
    monkeypatch.setattr(webhook_calls, "WHOLE_SECONDS", 0.3)
    with saying(b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n"] * 200, pause=0.1) as url:
        answer = webhook_calls.post(url, {}, b"{}")
    assert (answer.status, answer.failure) == (None, "timeout")


@pytest.mark.parametrize(
    ("pieces", "status", "failure"),
    [
        ([], None, "broken"),
        ([b"what is this?\r\n\r\n"], None, "broken"),
        ([b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 500 + b"\r\n"], None, "broken"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort"], 200, ""),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"\xff" * 5000], 200, ""),
    ],
)
def test_what_comes_back_is_taken_as_far_as_it_makes_sense(pieces, status, failure):
    with saying(*pieces) as url:
        answer = webhook_calls.post(url, {}, b"{}")
    assert (answer.status, answer.failure) == (status, failure)
    assert len(answer.text) <= webhook_calls.KEPT_BYTES


def test_where_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert webhook_calls.post(f"http://127.0.0.1:{port}/", {}, b"{}").failure == "connect"
