"""Notices by e-mail through a mail server that nobody here wrote (aiosmtpd), with a user name and a password.

A patient says yes to letters, the clinic answers a message, and the letter arrives, with nothing of the message in it. A server
that is away is said to the operator, and what waited arrives after it is back and the box was started again.
"""

import email
import email.policy
import http.cookiejar
import json
import os
import re
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import warnings
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

BOX = os.environ["CHARTBOX_BIN"]
PASSWORD = "correct horse battery"


class Sink:
    """Keeps what arrives."""

    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):
        self.letters.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 taken"


def known(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"box" and data.password == PASSWORD.encode()
    return AuthResult(success=good)


def mail_server(sink, port, tls=None):
    warnings.simplefilter("ignore")  # that signing in without TLS is no good idea
    more = {"ssl_context": tls} if tls else {}
    return Controller(sink, hostname="127.0.0.1", port=port, authenticator=known, auth_required=True, auth_require_tls=False, **more)


def certificate(home):
    """A certificate of the house for this machine, and a server's context with it."""
    key, cert = f"{home}/key.pem", f"{home}/cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run([*made, *named, "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Person:
    """A browser without script."""

    def __init__(self, origin, account):
        jar = http.cookiejar.CookieJar()
        trust = ssl._create_unverified_context()  # the certificate is checked by the other clients
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust), urllib.request.HTTPCookieProcessor(jar))
        self.origin = origin
        self.send("/sign-in", {"user": account["user"], "password": account["password"]})

    def get(self, path):
        with self.opener.open(self.origin + path, timeout=60) as answer:
            return answer.read().decode()

    def send(self, path, fields, status=200, in_parts=False):
        body = urllib.parse.urlencode(fields, doseq=True).encode()
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        if in_parts:
            # A form that can carry a file, and carries none.
            part = '--x7\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
            parts = [part.format(name, "", value) for name, value in fields.items()]
            parts.append(part.format("file", '; filename=""\r\nContent-Type: application/octet-stream', ""))
            body = "".join([*parts, "--x7--\r\n"]).encode()
            headers["Content-Type"] = "multipart/form-data; boundary=x7"
        request = urllib.request.Request(self.origin + path, data=body, headers=headers)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as refused:
            if refused.code == status:
                return refused.read().decode()
            raise AssertionError(f"{path}: {refused.code} {refused.read().decode()[:2000]}") from refused

    def fill(self, page, action, fields, status=200):
        """Sends the form with this action on a page."""
        html = self.get(page)
        form = next(one for one in re.findall(r"<form.*?</form>", html, re.S) if f'action="{action}"' in one)
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
        unescape = {name: value.replace("&amp;", "&").replace("&#38;", "&") for name, value in hidden.items()}
        return self.send(action, unescape | fields, status, "multipart/form-data" in form)


def start(folder, log):
    listen = [part for name in ["clinic", "portal", "welcome", "ops"] for part in (f"--{name}-listen", "127.0.0.1:0")]
    box = subprocess.Popen([BOX, "demo", "--patients", "3", "--dir", str(folder), *listen], stdout=subprocess.PIPE, stderr=log, text=True)
    assert any(line.startswith("ready") for line in box.stdout), "the box did not start"
    facts = json.loads((folder / "demo.json").read_text())
    accounts = {one["role"]: one for one in facts["accounts"]}
    return box, facts, accounts


def stop(box):
    box.terminate()
    box.wait(timeout=60)


def until(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("it never came")


def configure(folder, home, port, tls):
    (folder / "config.toml").write_text(
        f'[mail]\nhost = "127.0.0.1"\nport = {port}\n{tls}\nuser = "box"\npassword_file = "{home}/password"\n'
        'from = "Alder Street Clinic <notices@clinic.example>"\nportal = "https://portal.example"\n'
    )


def ask_and_answer(facts, accounts, question, answer):
    patient, doctor = Person(facts["portal"], accounts["patient"]), Person(facts["clinic"], accounts["clinician"])
    topic = re.search(r"/my/messages/new\?topic=([0-9a-f-]+)\"[^>]*>.*?A question about my health", patient.get("/my/messages/new"), re.S)
    shown = patient.fill(f"/my/messages/new?topic={topic[1]}", "/my/messages/new", {"text": question})
    thread = re.search(r'action="/my/messages/([0-9a-f-]+)"', shown)[1]
    doctor.fill(f"/messages/{thread}", f"/messages/{thread}", {"text": answer, "then": ""})


def main():
    with tempfile.TemporaryDirectory() as home, open(Path(home) / "log", "w+") as log:
        folder, port, sink = Path(home) / "box", free_port(), Sink()
        box, _, _ = start(folder, log)
        stop(box)
        (Path(home) / "password").write_text(PASSWORD + "\n")
        configure(folder, home, port, 'tls = "off"')
        server = mail_server(sink, port)
        server.start()
        box, facts, accounts = start(folder, log)
        try:
            operator = Person(facts["clinic"], accounts["operator"])
            assert "On" in operator.get("/box/mail")
            operator.fill("/box/mail", "/box/mail/test", {"to": "operator@clinic.example"})
            to, letter = until(lambda: sink.letters and sink.letters.pop())
            assert to == ["operator@clinic.example"] and letter["Auto-Submitted"] == "auto-generated", letter

            patient = Person(facts["portal"], accounts["patient"])
            ask_and_answer(facts, accounts, "May I dive?", "Not yet, with these ears.")
            patient.fill("/account/mail", "/account/mail", {"want": ["messages"]})
            ask_and_answer(facts, accounts, "May I swim?", "Yes, gently.")
            to, letter = until(lambda: sink.letters and sink.letters.pop())
            text = letter.as_string() + letter.get_content()
            assert to == ["halina.brandvold@mail.example"], to
            assert "You have a new message from the clinic" in letter["Subject"] and "https://portal.example" in text, text
            assert not re.search("swim|gently|dive|ears|Halina|Adeyemi", letter["Subject"] + letter.get_content()), text
            assert not sink.letters, "what was told before somebody said yes is not sent"

            server.stop()
            ask_and_answer(facts, accounts, "And run?", "Run as you like.")
            until(lambda: "tried in vain" in operator.get("/box"))
        finally:
            stop(box)
        # It comes back with a certificate of the house, which the box is told of; before that it trusts nobody.
        cert, tls = certificate(home)
        server = mail_server(sink, port, tls)
        server.start()
        configure(folder, home, port, 'tls = "tls"')
        box, facts, accounts = start(folder, log)
        try:
            operator = Person(facts["clinic"], accounts["operator"])
            said = operator.fill("/box/mail", "/box/mail/test", {"to": "operator@clinic.example"}, 422)
            assert "could not be secured" in said or "cannot be reached" in said, said
        finally:
            stop(box)
        assert not sink.letters
        configure(folder, home, port, f'tls = "tls"\nca_file = "{cert}"')
        box, facts, accounts = start(folder, log)
        try:
            to, _ = until(lambda: sink.letters and sink.letters.pop(), 120)
            assert to == ["halina.brandvold@mail.example"], to
        finally:
            stop(box)
            server.stop()
        log.seek(0)
        said = log.read()
        for secret in ["mail.example", "operator@", PASSWORD, "Halina"]:
            assert secret not in said, f"the log says {secret}"


main()
