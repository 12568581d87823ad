"""The small vocabulary the models are made of: texts with a shape, ports, percents.

A shape carries the sentence that is shown when it does not fit, and its pattern for the published JSON Schema.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from orchestrator.languages import Phrase, _


@dataclass(frozen=True, slots=True)
class Shape:
    """Text that matches `pattern` as a whole; `says` completes the sentence "must be ..."."""

    pattern: str
    says: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}

    def fits(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is not None

    def check(self, value: str) -> str:
        if not self.fits(value):
            raise mistake("shape", _("must be %(says)s, not '%(value)s'") % {"says": self.says, "value": value})
        return value


def mistake(kind: str, what: Phrase) -> PydanticCustomError:
    """What a validator of ours raises; `checking` finds the phrase behind what pydantic makes of it."""
    return PydanticCustomError(kind, "{what}", {"what": what})


class Section(BaseModel):
    """A part of a file: every key known, every type exact, nothing changed after loading."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, populate_by_name=True, str_strip_whitespace=False
    )


# An application's and an environment's name become unit names, directories, database names and cookie paths.
NAME = Shape(
    r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", _("lower-case letters, digits and single hyphens, beginning with a letter")
)
Name = Annotated[str, NAME]
GROUP_NAME = Shape(r"[a-z][a-z0-9_]*", _("the name of an inventory group (lower case, digits, _)"))
GroupName = Annotated[str, GROUP_NAME]
# A version becomes a directory and a link target on the hosts, and "latest" would say nothing a year from now.
Version = Annotated[
    str,
    Shape(
        r"(?!latest$|current$)[0-9A-Za-z](?:[0-9A-Za-z_+~-]|\.(?!\.)){0,63}",
        _("a version such as \"1.10.0\" (at most 64 letters, digits and ._+~-, not 'latest')"),
    ),
]
Sha256 = Annotated[str, Shape(r"[0-9a-f]{64}", _("64 lower-case hex digits as printed by sha256sum"))]
Url = Annotated[str, Shape(r"https?://[^\s/]+/\S*", _("an http:// or https:// address"))]
Text = Annotated[str, Shape(r"[^\n]*\S[^\n]*", _("a line of text"))]
RelativePath = Annotated[str, Shape(r"[^\s\0](?:[^\0]*[^\s\0])?", _("a path, relative to the manifest"))]
ContextPath = Annotated[
    str, Shape(r"/|(?:/[A-Za-z0-9._~-]+)+", _("'/' or a path such as '/clinic' without a slash at its end"))
]
UrlPath = Annotated[str, Shape(r"/[^\s#]*", _("a path beginning with '/'"))]
OsName = Annotated[
    str, Shape(r"[A-Z][A-Za-z]+ [0-9]+(?:\.[0-9]+)?", _("a distribution and its version such as 'Debian 12'"))
]
CookieName = Annotated[str, Shape(r"[A-Za-z0-9_]+", _("a cookie name of letters, digits and _"))]
HeaderName = Annotated[str, Shape(r"[A-Za-z][A-Za-z0-9-]*", _("a header name such as 'X-User'"))]
# The edge looks a user up as a file of this name, so nothing that could leave the directory may pass.
UserId = Annotated[str, Shape(r"[A-Za-z0-9_-]{1,128}", _("a user id of at most 128 letters, digits, _ and -"))]
# A department is a file on the edge and a value in nginx's maps.
DepartmentName = Annotated[
    str, Shape(r"[a-z][a-z0-9-]{0,40}", _("at most 41 lower-case letters, digits and hyphens, beginning with a letter"))
]
HeaderValue = Annotated[str, Shape(r"[A-Za-z0-9 ._@/+-]{1,100}", _("at most 100 letters, digits, blanks and ._@/+-"))]

Port = Annotated[int, Field(ge=1, le=65535)]
# Slots run as an unprivileged user.
SlotPort = Annotated[int, Field(ge=1024, le=65535)]
Percent = Annotated[int, Field(ge=1, le=100)]
Count = Annotated[int, Field(ge=1)]
