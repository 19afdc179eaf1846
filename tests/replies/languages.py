"""How mail programs in many languages write around an answer: a generator of replies, each with what is to be kept."""

# ruff: noqa: RUF001, E501  letters of many languages, a language a line

from base64 import b64encode
from dataclasses import dataclass
from email.header import Header
from quopri import encodestring

ASKED = ["Northwind Foods may complain.", "Two drivers are off sick.", "Next update: Tuesday 15:00."]


@dataclass(frozen=True)
class Language:
    """An answer, and how programs introduce what it quotes; `head` are the labels From, Sent, To, Subject."""

    name: str
    answer: str
    wrote: str
    original: str
    head: tuple[str, str, str, str]
    closing: str
    device: str
    away: str
    charset: str


# fmt: off
LANGUAGES = (
    Language("en", "I called them: it’s about the docks.\nThey want a date.", "On Mon, 2 Mar 2026 at 12:00, Headsup <{from_}> wrote:", "Original Message", ("From", "Sent", "To", "Subject"), "Best regards,", "Sent from my iPhone", "Automatic reply: Northwind", "windows-1252"),
    Language("de", "Ich habe zurückgerufen, es geht um die Rampe.", "Am Mo., 2. März 2026 um 12:00 Uhr schrieb Headsup <{from_}>:", "Ursprüngliche Nachricht", ("Von", "Gesendet", "An", "Betreff"), "Mit freundlichen Grüßen", "Von meinem iPhone gesendet", "Abwesenheitsnotiz: Northwind", "iso-8859-15"),
    Language("fr", "Je les ai appelés : c’est à propos du quai.", "Le lun. 2 mars 2026 à 12:00, Headsup <{from_}> a écrit :", "Message d'origine", ("De", "Envoyé", "À", "Objet"), "Cordialement,", "Envoyé de mon iPhone", "Réponse automatique : Northwind", "utf-8"),
    Language("es", "Ya los llamé: ¿cuándo llega el camión?", "El lun, 2 mar 2026 a las 12:00, Headsup (<{from_}>) escribió:", "Mensaje original", ("De", "Enviado", "Para", "Asunto"), "Un saludo,", "Enviado desde mi iPhone", "Respuesta automática: Northwind", "iso-8859-1"),
    Language("it", "Li ho chiamati: è per la rampa.", "Il giorno lun 2 mar 2026 alle ore 12:00 Headsup <{from_}> ha scritto:", "Messaggio originale", ("Da", "Inviato", "A", "Oggetto"), "Cordiali saluti", "Inviato da iPhone", "Risposta automatica: Northwind", "iso-8859-1"),
    Language("pt", "Já liguei: não está bom.", "Headsup <{from_}> escreveu (segunda, 2/03/2026 à(s) 12:00):", "Mensagem original", ("De", "Enviado", "Para", "Assunto"), "Atenciosamente,", "Enviado do meu iPhone", "Resposta automática: Northwind", "utf-8"),
    Language("nl", "Ik heb gebeld; het gaat om het laadperron.", "Op ma 2 mrt 2026 om 12:00 schreef Headsup <{from_}>:", "Oorspronkelijk bericht", ("Van", "Verzonden", "Aan", "Onderwerp"), "Met vriendelijke groet,", "Verstuurd vanaf mijn iPhone", "Automatisch antwoord: Northwind", "us-ascii"),
    Language("sv", "Jag har ringt dem. Det gäller rampen på måndag.", "Den mån 2 mars 2026 kl 12:00 skrev Headsup <{from_}>:", "Ursprungligt meddelande", ("Från", "Skickat", "Till", "Ämne"), "Med vänlig hälsning", "Skickat från min iPhone", "Autosvar: Northwind", "iso-8859-1"),
    Language("pl", "Zadzwoniłem: chodzi o rampę.", "pon., 2 mar 2026 o 12:00 Headsup <{from_}> napisał(a):", "Wiadomość oryginalna", ("Od", "Wysłano", "Do", "Temat"), "Pozdrawiam", "Wysłane z iPhone'a", "Automatyczna odpowiedź: Northwind", "iso-8859-2"),
    Language("ru", "Я позвонил: дело в рампе.", "пн, 2 мар. 2026 г. в 12:00, Headsup <{from_}> пишет:", "Исходное сообщение", ("От", "Отправлено", "Кому", "Тема"), "С уважением,", "Отправлено с iPhone", "Автоответ: Northwind", "koi8-r"),
    Language("ja", "電話しました。金曜日に連絡します。", "2026年3月2日(月) 12:00 Headsup <{from_}>:", "元のメッセージ", ("差出人", "送信日時", "宛先", "件名"), "よろしくお願いいたします。", "iPhoneから送信", "自動応答: Northwind", "iso-2022-jp"),
    Language("zh", "我已经打电话了。联通周五回复。", "Headsup <{from_}> 于2026年3月2日周一 12:00写道:", "原始邮件", ("发件人", "发送时间", "收件人", "主题"), "此致", "发自我的iPhone", "自动回复: Northwind", "gb18030"),
    Language("tr", "Aradım; rampa ile ilgili.", "Headsup <{from_}>, 2 Mar 2026 Pzt, 12:00 tarihinde şunu yazdı:", "Orijinal Mesaj", ("Kimden", "Gönderildi", "Kime", "Konu"), "Saygılarımla,", "iPhone'umdan gönderildi", "Otomatik yanıt: Northwind", "iso-8859-9"),
)
# fmt: on


def _gmail(said):
    return [said.answer, "", said.wrote.format(from_="x@ops.example"), "", *(f"> {line}" for line in ASKED)]


def _folded(said):
    wrote = said.wrote.format(from_="x@ops.example")
    half = wrote.rfind(" ", 0, len(wrote) // 2)
    return [said.answer, "", wrote[:half], wrote[half + 1 :], "", *(f"> {line}" for line in ASKED)]


def _below(said):
    return [said.wrote.format(from_="x@ops.example"), *(f"> {line}" for line in ASKED), "", said.answer]


def _between(said):
    first, _, rest = said.answer.partition("\n")
    return [
        said.wrote.format(from_="x@ops.example"),
        f"> {ASKED[0]}",
        "",
        first,
        "",
        f"> {ASKED[1]}",
        rest,
        f"> {ASKED[2]}",
    ]


def _outlook(said):
    values = ("Headsup <x@ops.example>", "02.03.2026 12:00", "rita@example.com", "Northwind Foods may complain")
    head = [f"{label}: {value}" for label, value in zip(said.head, values, strict=True)]
    return [said.answer, "", "________________________________", *head, "", *ASKED]


def _original(said):
    return [said.answer, "", f"-----{said.original}-----", *ASKED]


def _signed(said):
    return [said.answer, "", said.closing, "Rita Reyes", "Sales, +49 30 1234", "", *_original(said)[2:]]


def _dashed(said):
    return [said.answer, "", "-- ", "Rita Reyes | Sales", "", *_gmail(said)[2:]]


def _phone(said):
    return [said.answer, "", said.device, "", *_gmail(said)[2:]]


def _bare(said):
    return [said.answer]


STYLES = {
    each.__name__.strip("_"): each
    for each in (_gmail, _folded, _below, _between, _outlook, _original, _signed, _dashed, _phone, _bare)
}


def plain(lines, charset, encoding="8bit"):
    """A part with text, and its header lines."""
    body = "\r\n".join(lines).encode(charset, "replace")
    if encoding == "base64":
        body = b64encode(body)
    if encoding == "quoted-printable":
        body = encodestring(body)
    return [f"Content-Type: text/plain; charset={charset}", f"Content-Transfer-Encoding: {encoding}"], body


def html(said):
    """The same as a program writes it that knows only HTML."""
    answer = said.answer.replace("&", "&amp;").replace("\n", "<br>")
    quoted = "".join(f"<p>{line}</p>" for line in ASKED)
    body = (
        f"<html><head><style>p {{margin:0}}</style></head><body><div><b>{answer}</b><script>alert(1)</script></div>"
        f'<div class="gmail_quote"><div>{said.wrote.format(from_="x@ops.example").replace("<", "&lt;")}</div>'
        f"<blockquote>{quoted}<blockquote>{quoted}</blockquote></blockquote></div></body></html>"
    )
    return ["Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: 8bit"], body.encode()


def mail(to, part, *more, subject="Re: Northwind Foods may complain", number=0):
    """Bytes of a mail from Rita with this part and further header lines."""
    lines, body = part
    word = subject if subject.isascii() else Header(subject, "utf-8").encode()
    head = ["From: Rita Reyes <rita@example.com>", f"To: Headsup <{to}>", f"Subject: {word}"]
    head += [f"Message-ID: <{number}@mail.example>", "MIME-Version: 1.0", *lines, *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def replies(to):
    """Every language in every style and in HTML: `(name, content, what is to be kept)`."""
    for said in LANGUAGES:
        yield from replies_in(said, to)


def replies_in(said, to):
    """One language in every style and in HTML."""
    encodings = ("8bit", "base64", "quoted-printable")
    for number, (style, written) in enumerate(STYLES.items()):
        lines = "\n".join(written(said)).split("\n")
        encoding = "base64" if said.charset == "iso-2022-jp" else encodings[number % 3]
        content = mail(to, plain(lines, said.charset, encoding), number=f"{said.name}-{style}")
        yield f"{said.name}-{style}", content, said.answer.split("\n")
    yield f"{said.name}-html", mail(to, html(said), number=f"{said.name}-html"), said.answer.split("\n")


def automatic(to):
    """Answers that no person wrote: `(name, content)`."""
    for said in LANGUAGES:
        part = plain([said.answer], "utf-8")
        yield f"{said.name}-away", mail(to, part, subject=said.away, number=f"{said.name}-away")
    marks = (
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; why=vacation",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond: rita",
        "X-Auto-Response-Suppress: All",
        "Return-Path: <>",
        "List-Id: <sales.example>",
        "X-Loop: rita@example.com",
    )
    for number, mark in enumerate(marks):
        yield mark, mail(to, plain(["I am away."], "utf-8"), mark, number=f"mark-{number}")
    yield (
        "report",
        mail(to, (["Content-Type: multipart/report; boundary=x"], b"--x\r\n\r\nSeen\r\n--x--\r\n"), number="report"),
    )
