"""An SMTP server that takes mail for a test: TLS or STARTTLS, a user with a password, and every mail into a folder."""

import ssl
import sys
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

folder, security, certificate, key = sys.argv[1:5]


class Keep:
    count = 0

    async def handle_DATA(self, server, session, envelope):
        if not session.authenticated:
            return "530 5.7.0 sign in first"
        Keep.count += 1
        Path(folder, f"{Keep.count}.eml").write_bytes(envelope.content)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"homeroom", b"CANARY-right")
    # Not handled: the server itself answers 535, where it would else say nothing at all.
    return AuthResult(success=known, handled=False)


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
options = {"authenticator": authenticate, "hostname": "127.0.0.1", "port": 0}
if security == "tls":
    options |= {"ssl_context": tls, "auth_require_tls": False}
else:
    options |= {"tls_context": tls, "require_starttls": True}


class Free(Controller):
    def _trigger_server(self):
        # The port is the system's choice, so that tests run beside each other.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = Free(Keep(), **options)
controller.start()
print(controller.port, flush=True)
sys.stdin.read()
controller.stop()
