"""The string formats that are enforced, each as a pattern no text of which the format refuses.

The patterns are narrower than the standards where those are vague (only common characters, short host names):
what is generated is always right. A format that is not listed is an annotation, as JSON Schema says.
"""

from __future__ import annotations

_DIGIT_PAIR_LEAP = "(?:0[48]|[2468][048]|[13579][26])"
_YEAR = "(?:[1-9][0-9]{3})"
_LEAP_YEAR = f"(?:[1-9][0-9]{_DIGIT_PAIR_LEAP}|(?:[2468][048]|[13579][26])00)"
_DATE = (
    f"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = f"{_CLOCK}:[0-5][0-9](?:\\.[0-9]{{1,6}})?(?:Z|[+-]{_CLOCK})"
_LABEL = "[a-z0-9](?:(?:[a-z0-9]|-[a-z0-9]){0,20})"
_NAME = f"(?:{_LABEL}\\.){{0,3}}[a-z]{{2,10}}"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = f"(?:{_BYTE}\\.){{3}}{_BYTE}"
_H16 = "[0-9a-fA-F]{1,4}"
_IPV6 = (
    f"(?:(?:{_H16}:){{7}}{_H16}|::(?:{_H16}(?::{_H16}){{0,5}})?"
    f"|{_H16}::(?:{_H16}(?::{_H16}){{0,4}})?|(?:{_H16}:){{1}}{_H16}::(?:{_H16}(?::{_H16}){{0,3}})?"
    f"|(?:{_H16}:){{2}}{_H16}::(?:{_H16}(?::{_H16}){{0,2}})?|(?:{_H16}:){{3}}{_H16}::(?:{_H16}(?::{_H16})?)?)"
)
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_EMAIL = f"[A-Za-z0-9](?:{_ATOM}|\\.{_ATOM}){{0,30}}@(?:{_LABEL}\\.){{1,3}}[a-z]{{2,10}}"
_URL_CHAR = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})"
_URI = (
    f"[a-z][a-z0-9+.-]{{0,15}}:(?://{_NAME}(?::[1-9][0-9]{{0,3}})?(?:/{_URL_CHAR}*)*"
    f"|(?:{_URL_CHAR}+/)*{_URL_CHAR}+)(?:\\?(?:{_URL_CHAR}|[/?])*)?(?:#(?:{_URL_CHAR}|[/?])*)?"
)
_PATH_CHAR = "(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-F]{2})"
_PATH = f"/?(?:{_PATH_CHAR}+/)*{_PATH_CHAR}+"
_URI_REFERENCE = f"(?:{_URI}|{_PATH}(?:#{_URL_CHAR}*)?)"
_TEMPLATE_CHAR = f"(?:{_URL_CHAR}|\\{{[a-z][a-z0-9]*\\}})"
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NUMBER = "(?:0|[1-9][0-9]{0,5})"
_DAY_TIME = f"T(?:{_NUMBER}H(?:{_NUMBER}M(?:{_NUMBER}S)?)?|{_NUMBER}M(?:{_NUMBER}S)?|{_NUMBER}S)"
_DAYS = f"(?:{_NUMBER}Y(?:{_NUMBER}M(?:{_NUMBER}D)?)?|{_NUMBER}M(?:{_NUMBER}D)?|{_NUMBER}D)"
_BASE64 = "[A-Za-z0-9+/]"
_POINTER = "(?:/(?:[^~/]|~[01])*)*"


def pattern_of(name: str) -> str | None:
    """The anchored pattern of format (or content encoding) `name`, None if that name asserts nothing here."""
    body = {
        "date": _DATE,
        "time": _TIME,
        "date-time": f"{_DATE}T{_TIME}",
        "duration": f"P(?:{_DAYS}(?:{_DAY_TIME})?|{_DAY_TIME}|{_NUMBER}W)",
        "email": _EMAIL,
        "idn-email": _EMAIL,
        "hostname": _NAME,
        "idn-hostname": _NAME,
        "ipv4": _IPV4,
        "ipv6": _IPV6,
        "uuid": _UUID,
        "uri": _URI,
        "iri": _URI,
        "uri-reference": _URI_REFERENCE,
        "iri-reference": _URI_REFERENCE,
        "uri-template": f"(?:{_URI}|/(?:{_TEMPLATE_CHAR}+/)*{_TEMPLATE_CHAR}*)",
        "json-pointer": _POINTER,
        "relative-json-pointer": f"{_NUMBER}(?:#|{_POINTER})",
        "base64": f"(?:{_BASE64}{{4}})*(?:{_BASE64}[AQgw]==|{_BASE64}{{2}}[AEIMQUYcgkosw048]=)?",
        "regex": "(?:[A-Za-z0-9 _@:/-][*+?]?|\\\\[dDwWsS.][*+?]?)*",
    }.get(name)
    return None if body is None else f"^(?:{body})$"
