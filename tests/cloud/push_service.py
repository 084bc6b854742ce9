"""A push service on this machine, at an address of the internet: behind a proxy, with its own CA.

The product sends by https to port 443 of public addresses only, and rightly so. As in a company
with a proxy, HTTPS_PROXY leads it here and REQUESTS_CA_BUNDLE lets it trust the certificate.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

ADDRESS: Final = "1.1.1.1"  # nothing is sent there: the proxy is asked for it, and answers itself


class PushService(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []  # path, headers, body
        self.certificate, key = _certificate(folder)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key)

    @property
    def variables(self) -> dict[str, str]:
        """Of a process that is to find it."""
        proxy = f"http://127.0.0.1:{self.server_port}"
        return {
            "HTTPS_PROXY": proxy,
            "REQUESTS_CA_BUNDLE": str(self.certificate),
            "PUSH_HOSTS": ADDRESS,
        }


class _Handler(BaseHTTPRequestHandler):
    server: PushService

    def do_CONNECT(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if self.path != f"{ADDRESS}:443":
            return
        self.rfile.close()
        tls = self.server.tls
        with (
            tls.wrap_socket(self.connection, server_side=True) as self.connection,
            self.connection.makefile("rb") as self.rfile,
        ):
            self.handle_one_request()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append((self.path, headers, body))
        status = HTTPStatus.CREATED  # RFC 8030, section 5
        self.connection.sendall(f"HTTP/1.1 {status} Created\r\nContent-Length: 0\r\n\r\n".encode())
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Silent."""


@contextmanager
def running(folder: Path) -> Iterator[PushService]:
    with PushService(folder) as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Signed by itself, for one address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ADDRESS)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(ADDRESS))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "push.crt", folder / "push.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, private
