"""Certificates for tests, made anew by the openssl command: an authority, a server, a client."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOON = ("20200101000000Z", "20200201000000Z")  # over long ago


@dataclass(frozen=True)
class Certificate:
    chain: Path
    key: Path


class Authority:
    """Signs certificates in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        _openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", str(self._key), "-out", str(self.certificate), "-days", "2",
            "-subj", "/CN=an authority for tests",
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
        (folder / "index").touch()

    def sign(self, name: str, *, is_over: bool = False) -> Certificate:
        """Return a certificate for 127.0.0.1, or one that was over long ago."""
        key, request, chain = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        _openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", str(key), "-out", str(request), "-subj", f"/CN={name}",
        )  # fmt: skip
        settings = self.folder / "ca.cnf"
        settings.write_text(
            f"[ca]\ndefault_ca=us\n[us]\ndatabase={self.folder}/index\nrand_serial=yes\n"
            f"new_certs_dir={self.folder}\ndefault_md=sha256\npolicy=any\nunique_subject=no\n"
            f"certificate={self.certificate}\nprivate_key={self._key}\nx509_extensions=ours\n"
            "[any]\ncommonName=supplied\n[ours]\nsubjectAltName=IP:127.0.0.1\n"
            "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n"
            "extendedKeyUsage=serverAuth,clientAuth\nauthorityKeyIdentifier=keyid\n"
        )
        when = ["-startdate", SOON[0], "-enddate", SOON[1]] if is_over else ["-days", "2"]
        _openssl(
            "ca", "-batch", "-notext", "-config", str(settings),
            "-in", str(request), "-out", str(chain), *when,
        )  # fmt: skip
        return Certificate(chain, key)

    def server_side(self, own: Certificate, *, wants_client: bool = False) -> ssl.SSLContext:
        """Return what a server of this certificate speaks TLS by."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own.chain, own.key)
        if wants_client:
            context.load_verify_locations(self.certificate)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
