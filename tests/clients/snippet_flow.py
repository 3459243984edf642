"""The Python program that the portal prints for a new credential, run exactly as it is printed."""

import base64
import hashlib
import hmac
import html
import http.cookiejar
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

from flow import flow


def totp(uri):
    """The six digits of now (RFC 6238)."""
    secret = urllib.parse.parse_qs(urllib.parse.urlparse(uri).query)["secret"][0]
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, int(time.time() // 30).to_bytes(8, "big"), hashlib.sha1)
    at = digest[19] & 15
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def link(data, username):
    """The token of a single-use link, from the operator's socket."""
    with socket.socket(socket.AF_UNIX) as operator:
        operator.connect(str(Path(data) / "control.sock"))
        operator.sendall(json.dumps({"person": {"link": {"username": username}}}).encode() + b"\n")
        answer = json.loads(operator.makefile().readline())
    return answer["ok"]["url"].rsplit("/", 1)[1]


class Portal:
    """A browser without script: every act that trades or administers comes with a sign-in of its own."""

    def __init__(self, base):
        self.base = base
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def ask(self, path, fields=None):
        data = urllib.parse.urlencode(fields).encode() if fields else None
        headers = {"Origin": self.base} if fields else {}
        url = urllib.parse.urljoin(self.base, path)
        request = urllib.request.Request(url, data, headers)
        with self.opener.open(request, timeout=20) as answer:
            return answer.geturl(), answer.read().decode()


@flow
def printed_program_runs_as_it_is(library, server, checks, cid):
    person = server.people[0]
    portal = Portal(server.portal.rstrip("/"))
    portal.ask("/link", {"token": link(server.data, person["username"])})
    _, form = portal.ask("/credentials/new?preset=view")
    token = re.search(r'name="form" value="([^"]+)"', form).group(1)
    url, page = portal.ask("/credentials", {
        "form": token, "name": f"printed {cid}", "kind": "read-only", "sides": "both", "days": "1", "demand_token": "yes",
        "prove_password": person["password"], "prove_code": totp(person["totp_uri"]),
    })
    checks.that("the page that follows has an address of its own", url.endswith("/created"), url)
    program = html.unescape(re.search(r'<pre[^>]*id="program"[^>]*>(.*?)</pre>', page, re.S).group(1))
    checks.that("its token is in it", "token=fpc_" in program, program)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hello.py"
        path.write_text(program)
        done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60)
    checks.that("it ends well", done.returncode == 0, done.stderr[-800:])
    checks.that("it prints what the account is worth", re.search(rf"^{server.account} [\d.]+ USD$", done.stdout, re.M), done.stdout)
    again = portal.ask(urllib.parse.urlparse(url).path)[1]
    checks.that("the token is shown once", "token=fpc_" not in again and "FLOORPASS_TOKEN" in again)
