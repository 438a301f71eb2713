"""Every honest answer to every question that the vendor's page leaves open.

Keys are clause ids; a few further ids name questions that a clause leaves open in turn. The first answer of each is the
default. None of these answers breaks a promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class DialectOption:
    """One way to answer an open question: its name, and what it means in one sentence."""

    name: str
    summary: str


def _answers(**answers: str) -> tuple[DialectOption, ...]:
    return tuple(DialectOption(name.strip("_").replace("_", "-"), text) for name, text in answers.items())


DIALECTS: Mapping[str, tuple[DialectOption, ...]] = MappingProxyType(
    {
        "request.content-type": _answers(
            ignored="Any Content-Type, or none, is fine.",
            refused="Only application/json is accepted; a missing Content-Type is refused too.",
            refused_if_other="A missing Content-Type is fine, another one is refused.",
            refused_if_missing="Another Content-Type is fine, a missing one is refused.",
        ),
        "request.empty-body": _answers(
            refused="No body is not JSON, so it is refused.",
            empty_query="No body means {}.",
        ),
        "request.unknown-property": _answers(
            ignored="Properties that the page does not name are ignored.",
            refused="A property that the page does not name is refused.",
        ),
        "request.null-property": _answers(
            absent="null means that the property is absent.",
            refused="null is refused.",
            refused_for_numbers="null is absent for the texts, and refused for the numbers.",
        ),
        "request.refusal-form": _answers(
            status_400="An invalid request is answered 400.",
            status_500="An invalid request is answered 500, as a business failure.",
            return_code="An invalid request is answered 200 with a returnCode other than 0.",
        ),
        "request.method-refusal": _answers(
            _404="Another method is answered 404.",
            _400="Another method is answered 400.",
        ),
        "auth.refusal-status": _answers(
            by_kind="401 without usable credentials, 403 for an unknown or expired token and a foreign key.",
            _401="All bad credentials are answered 401.",
            _403="All bad credentials are answered 403.",
            expired_401="401 for an expired token only, so that callers renew it; 403 for all else.",
        ),
        "auth.scheme-case": _answers(
            refused="The scheme is Bearer, spelt exactly so.",
            accepted="The scheme's letter case is ignored, as HTTP has it.",
        ),
        "auth.extra-space": _answers(
            refused="One space after Bearer, no more.",
            accepted="Further spaces after Bearer are ignored.",
        ),
        "auth.foreign-app-key": _answers(
            refused="An X-APP-Key other than the token's is refused.",
            ignored="X-APP-Key is ignored.",
            known_refused="Another tenant's key is refused, a key that nobody has is ignored.",
        ),
        "auth.token-lifetime": _answers(
            clamped="X-Token-Expire above 3600 gives 3600 seconds.",
            refused="X-Token-Expire above 3600 is refused.",
        ),
        "filter.media-type-undocumented": _answers(
            honoured="Any number is honoured: 18 and 19 give their records, other numbers none.",
            refused="Anything but 2, 5 and 53 is refused.",
            empty="Anything but 2, 5 and 53 matches nothing.",
            known_only="18 and 19 are honoured, other numbers are refused.",
        ),
        "filter.media-type-coercion": _answers(
            refused="A media type in quotes is refused.",
            coerced='A media type in quotes, such as "5", is read as a number.',
        ),
        "filter.text-coercion": _answers(
            refused="A number where a text belongs is refused.",
            coerced="An integer where a text belongs is read as its digits.",
        ),
        "filter.wildcards": _answers(
            literal="Every character stands for itself.",
            like="% stands for any text and _ for any one character.",
            percent="% stands for any text, and every other character for itself.",
            glob="* stands for any text and ? for any one character.",
            both="% and * stand for any text, _ and ? for any one character.",
        ),
        "filter.case": _answers(
            sensitive="Case matters.",
            insensitive="Case does not matter, in any script.",
            ascii_insensitive="Case does not matter for the letters A to Z.",
        ),
        "filter.folding": _answers(
            told_apart="Accents, full and half width, composed and decomposed letters are told apart.",
            forms_equal="Composed and decomposed letters are equal.",
            accents_equal="Accents do not matter, nor whether letters are composed.",
            width_equal="Full and half width are equal.",
            all_equal="Neither accents nor width nor composition matters.",
        ),
        "filter.empty-text": _answers(
            no_filter="An empty text is no filter.",
            non_null="An empty text is contained in every text, but not in null.",
            nothing="An empty text matches nothing.",
            refused="An empty text is refused.",
        ),
        "filter.no-match": _answers(
            empty="A success with total 0 and an empty list.",
            return_code='A failure returnCode and "no data", without data.',
            return_code_with_data='A failure returnCode and "no data", with total 0 and an empty list.',
            status_404="Status 404.",
            status_500="Status 500, as a business failure.",
        ),
        "limit.negative": _answers(
            refused="A negative limit is refused.",
            default="A negative limit is treated as 100.",
            zero="A negative limit is treated as 0.",
        ),
        "limit.coercion": _answers(
            refused="Only JSON integers are numbers of records.",
            coerced='"10", 10.0 and 10.5 all mean 10.',
            integral='"10" and 10.0 mean 10; 10.5 is refused.',
            float_only='10.0 means 10; "10" and 10.5 are refused.',
            text_only='"10" means 10; 10.0 and 10.5 are refused.',
        ),
        "offset.over-maximum": _answers(
            refused="An offset above 100 is refused.",
            clamped="An offset above 100 is treated as 100.",
            honoured="An offset above 100 is honoured.",
        ),
        "offset.misaligned": _answers(
            honoured="An offset that is no multiple of limit is honoured.",
            rounded="An offset that is no multiple of limit is rounded down to the start of its page.",
            refused="An offset that is no multiple of limit is refused.",
        ),
        "offset.negative": _answers(
            refused="A negative offset is refused.",
            default="A negative offset is treated as 0.",
        ),
        "offset.beyond-total": _answers(
            empty="A page behind the last record is a success with an empty list.",
            return_code='A page behind the last record is a failure returnCode with "no data".',
            status_404="A page behind the last record is answered 404.",
            status_500="A page behind the last record is answered 500.",
        ),
        "answer.nullable": _answers(
            null="Members without a value are null.",
            omitted="Members without a value are left out.",
            empty_text="Members without a value are empty texts.",
            attribute_null="Outbound-only records have a null numCallAttr.",
            description_omitted="A record without description has no such member; n400Number is null.",
        ),
        "answer.envelope": _answers(
            full="returnCode, data and description, always.",
            no_description="A success has no description of its own.",
            null_description="A success has a null description of its own.",
        ),
        "answer.extra-members": _answers(
            none="Only the members that the page names.",
            records="Records have further members.",
            everywhere="The envelope, data and the records have further members.",
        ),
        "error.form": _answers(
            json="Errors are JSON envelopes.",
            html="Errors are HTML pages.",
            empty="Errors have no body.",
            text="Errors are plain text.",
            gateway_json="Errors are a gateway's own JSON.",
        ),
    }
)
