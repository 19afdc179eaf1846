"""Debian's postfix and dovecot, in folders and on ports of their own: submission with STARTTLS and login, IMAP."""

import imaplib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pwd import getpwnam
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PASSWORD = "correct/horse:battery@staple"
DOMAIN = "example.com"
STARTS_IN = 30
POSTFIX, DOVECOT = "/usr/sbin/postfix", "/usr/sbin/dovecot"

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
alias_maps =
mynetworks =
message_size_limit = 1000000
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/auth
smtpd_tls_auth_only = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject
recipient_delimiter = +
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ rita@{domain}=rita/ ola@{domain}=ola/ }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
bounce_queue_lifetime = 1m
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
virtual unix - n n - - virtual
"""

IMAP = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail/%n
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imap}
    ssl = yes
  }}
}}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


@dataclass
class MailServer:
    """Where to submit, and where to read. Names and password are the same for both."""

    folder: Path
    smtp: int
    imap: int

    @property
    def url(self):
        user, password = quote(f"ola@{DOMAIN}", safe=""), quote(PASSWORD, safe="")
        return f"smtp+starttls://{user}:{password}@localhost:{self.smtp}"

    @property
    def trusted(self):
        """The authority that signed the server's certificate."""
        return str(self.folder / "cert.pem")

    @contextmanager
    def mailbox(self, user):
        """An IMAP session of a reader."""
        with imaplib.IMAP4_SSL(
            "localhost", self.imap, ssl_context=ssl.create_default_context(cafile=self.trusted), timeout=STARTS_IN
        ) as imap:
            imap.login(f"{user}@{DOMAIN}", PASSWORD)
            imap.select()
            yield imap

    def arrived(self, user, *, message_id):
        """The number of a message in a reader's mailbox, as soon as it is there."""
        for _ in range(STARTS_IN * 5):
            with self.mailbox(user) as imap:
                _, (found,) = imap.search(None, "HEADER", "Message-ID", f'"{message_id}"')
                if found:
                    return found.split()[-1]
            time.sleep(0.2)
        raise AssertionError(f"{message_id} did not arrive:\n{self.log()}")

    def log(self):
        return "".join(
            path.read_text()[-4000:] for name in ("postfix.log", "dovecot.log") if (path := self.folder / name).exists()
        )


def missing():
    """Say why the servers cannot be run here; empty: they can."""
    if not all(Path(program).exists() for program in (POSTFIX, DOVECOT)):
        return "postfix and dovecot are not installed"
    return "" if os.geteuid() == 0 else "postfix runs as root only"


def too_new():
    """Say why the configuration above is not that of the dovecot which is installed."""
    version = subprocess.run([DOVECOT, "--version"], capture_output=True, text=True, check=True).stdout
    return "" if version.startswith("2.3.") else f"the configuration is that of dovecot 2.3, not {version.strip()}"


@contextmanager
def mail_server():
    folder = Path(tempfile.mkdtemp(prefix="headsup-mail-"))
    folder.chmod(0o755)
    server = MailServer(folder, _free_port(), _free_port())
    _write(server)
    postfix = [POSTFIX, "-c", str(folder / "etc")]
    dovecot = subprocess.Popen([DOVECOT, "-F", "-c", str(folder / "dovecot.conf")])
    try:
        _wait_for(server.imap, server)
        started = subprocess.run([*postfix, "start"], capture_output=True, text=True, check=False)
        assert started.returncode == 0, started.stderr + server.log()
        _wait_for(server.smtp, server)
        yield server
    finally:
        subprocess.run([*postfix, "stop"], capture_output=True, check=False)
        dovecot.terminate()
        with suppress(subprocess.TimeoutExpired):
            dovecot.wait(STARTS_IN)
        shutil.rmtree(folder, ignore_errors=True)


def _write(server):
    folder = server.folder
    for name in ("etc", "queue", "data", "mail", "run", "state"):
        (folder / name).mkdir()
    reader = getpwnam("nobody")
    facts = {
        "folder": folder,
        "domain": DOMAIN,
        "password": PASSWORD,
        "uid": reader.pw_uid,
        "gid": reader.pw_gid,
        "port": server.smtp,
        "imap": server.imap,
    }
    os.chown(folder / "data", getpwnam("postfix").pw_uid, -1)
    os.chown(folder / "mail", facts["uid"], facts["gid"])
    (folder / "etc" / "main.cf").write_text(MAIN.format(**facts))
    (folder / "etc" / "master.cf").write_text(MASTER.format(**facts))
    (folder / "dovecot.conf").write_text(IMAP.format(**facts))
    _certificate(folder)


def _certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "key.pem").chmod(0o600)


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _wait_for(port, server):
    for _ in range(STARTS_IN * 10):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"port {port} does not answer:\n{server.log()}")
