"""Hand a message in as a mail: SMTP with STARTTLS or TLS, plain text in UTF-8."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Any

from orchestrator.languages import _
from orchestrator.receivers.message import Line, Message, plain, short
from orchestrator.receivers.post import NotTakenError
from orchestrator.receivers.settings import Mail, Receiver

# RFC 5322 advises lines of 78 characters; what comes from outside is cut, and is in the text in full.
SUBJECT_LETTERS = 120


def mail(to: Receiver, told: Message, seconds: float) -> None:
    """Raises NotTakenError when the server refuses, ssl.SSLError or OSError when it cannot be reached as asked for."""
    assert to.mail is not None
    letter = written(to.mail, told)
    try:
        with _connected(to.mail, seconds) as server:
            if to.mail.user is not None:
                server.login(to.mail.user, to.secret or "")
            refused = server.send_message(letter, to.mail.sender, list(to.mail.recipients))
    except smtplib.SMTPRecipientsRefused as error:
        raise NotTakenError(
            _("refused every recipient: %(words)s") % {"words": _words(next(iter(error.recipients.values())))}
        ) from None
    except smtplib.SMTPAuthenticationError as error:
        raise NotTakenError(
            _("does not accept the password: %(words)s") % {"words": _words((error.smtp_code, error.smtp_error))}
        ) from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotTakenError(_("cannot do what was asked for: %(error)s") % {"error": error}) from None
    except smtplib.SMTPResponseException as error:
        raise NotTakenError(_("answered %(words)s") % {"words": _words((error.smtp_code, error.smtp_error))}) from None
    except smtplib.SMTPServerDisconnected:
        raise NotTakenError(_("closed the connection, or did not answer in time")) from None
    except smtplib.SMTPException as error:
        raise NotTakenError(_("broke the conversation off: %(error)s") % {"error": error}) from None
    if refused:
        raise NotTakenError(
            _("refused %(count)s of %(all)s recipients") % {"count": len(refused), "all": len(to.mail.recipients)}
        )


def written(settings: Mail, told: Message) -> EmailMessage:
    """The mail. No text from outside can begin a header: its line ends have become blanks before."""
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = settings.sender, ", ".join(settings.recipients)
    letter["Subject"] = short(plain(f"[lifecycle] {told.title}"), SUBJECT_LETTERS)
    letter["Date"], letter["Message-ID"] = formatdate(), make_msgid(domain=settings.sender.rpartition("@")[2])
    # RFC 3834: nobody's holiday notice answers it.
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content("\n".join(map(_text, told.lines)) + "\n", charset="utf-8", cte="base64")
    return letter


def _text(line: Line) -> str:
    return "".join(piece.text for piece in line)


def _connected(settings: Mail, seconds: float) -> smtplib.SMTP:
    # A name of our own, or smtplib would ask DNS for it first, which takes long where there is none.
    common: dict[str, Any] = {"local_hostname": "[127.0.0.1]", "timeout": seconds}
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.server, settings.port, context=ssl.create_default_context(), **common)
    server = smtplib.SMTP(settings.server, settings.port, **common)
    if settings.security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _words(answer: tuple[int, bytes | str]) -> str:
    code, text = answer
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
