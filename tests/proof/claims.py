"""What tests show of the proof: for each line of the table its tests, and how their counts are said."""

from __future__ import annotations

from collections.abc import Sequence

from proof.readers import TESTS
from proof.suite import Case, Claim, of, passed, total

_NAMED = ("leaks", "passages_fuzz", "pictures", "files_fuzz", "bad_input", "regressions", "tree_only_writer")
_OF_SENDING = ("smtp", "wire", "webhook", "postfix", "ledger", "deliver", "bucket_ledger", "post_proof")
FILES = tuple(
    sorted(
        path.name for name in (*_NAMED, "egress*", "hostile_*", *_OF_SENDING) for path in TESTS.glob(f"test_{name}.py")
    )
)
"""The test files that are run for it, whole: what is not named below may not fail either."""


def _leaks(cases: Sequence[Case]) -> str:
    return f"{passed(cases)} small mistakes sown in gate, pipeline, mail and reading were found by the worlds"


def _passages(cases: Sequence[Case]) -> str:
    read, refused = total(cases, "read"), total(cases, "refused")
    return (
        f"{read + refused:,} damaged updates: {refused:,} refused, {read:,} read; "
        f"{total(cases, 'leaks'):,} told a reader a letter of a line that is not for it"
    )


def _pictures(cases: Sequence[Case]) -> str:
    channels, kinds = ({one.on.rpartition("-")[at] for one in cases} for at in (0, 2))
    survived = sum(not one.passed for one in cases)
    return f"{len(channels)} channels × {len(kinds)} formats: of {len(cases)} hidden texts, {survived} survived"


def _browser(cases: Sequence[Case]) -> str:
    vectors = max((one.counted["vectors"] for one in cases), default=0)
    return (
        f"{vectors} known attacks, {total(cases, 'documents'):,} random documents, with and without the pages' policy, "
        f"and every page of a poisoned site, in {total(cases, 'pages'):,} page views: {total(cases, 'ran')} scripts, "
        f"{total(cases, 'handler')} handlers, {total(cases, 'request')} foreign requests"
    )


def _names(cases: Sequence[Case]) -> str:
    return f"{total(cases, 'names'):,} hostile names: {total(cases, 'outside')} writes outside the root"


def _bad_input(cases: Sequence[Case]) -> str:
    told = of(cases, "test_bad_input::test_each_bad_input_gives_its_code_at_its_line")
    built = of(cases, "test_bad_input::test_no_bad_input_is_built_and_what_was_built_stays")
    places = of(cases, "test_bad_input::test_each_bad_place_is_refused_and_nothing_is_touched")
    return (
        f"{passed(told)} files told by code and line or accepted as listed; {passed(built)} builds of them refused with "
        f"what stood left alone; {passed(places)} bad places and runs refused"
    )


def _faults(cases: Sequence[Case]) -> str:
    """The cases are called by where a fault strikes and how, those of many mails by their seed."""
    struck = [one.on.partition("-") for one in cases if "-" in one.on]
    points, hows = ({one[at] for one in struck} for at in (0, 2))
    return (
        f"{len(points)} points × {len(hows)} ways as far as they go together: {passed(cases)} runs in which what we say "
        f"of each mail is what became of it, log-in and TLS among them"
    )


def _headers(cases: Sequence[Case]) -> str:
    values, written = total(cases, "values"), total(cases, "written")
    return (
        f"{values:,} mails with hostile fields: {values - written:,} refused, {written:,} written, "
        f"each with the headers meant and no other by three parsers"
    )


def _on_a_store(cases: Sequence[Case]) -> str:
    demands = of(cases, *_CONTRACT)
    return (
        f"{passed(demands)} demands of the ledger's contract by http and https; {total(cases, 'deliveries'):,} deliveries by "
        f"two senders at once under {total(cases, 'kills')} kills: {total(cases, 'twice')} accepted twice, "
        f"{total(cases, 'ambiguous')} ambiguous; {passed([one for one in cases if one not in demands])} of killed, sleeping and "
        f"misinformed senders"
    )


_CONTRACT = (
    "test_bucket_ledger::test_it_keeps_the_ledgers_contract",
    "test_bucket_ledger::test_it_keeps_it_over_tls",
)

CLAIMS = (
    Claim(
        "Seeded leaks",
        ("test_leaks::test_the_worlds_catch", "test_leaks::test_building_for_others_before_catches"),
        (
            "test_leaks::test_a_copy_without_a_mistake_is_not_caught",
            "test_leaks::test_a_leak_that_no_longer_applies_is_a_failure",
        ),
        _leaks,
        lambda cases: (
            f"{passed(cases)}: a copy without a mistake is not called one; a mistake that no longer applies fails"
        ),
    ),
    Claim(
        "Damaged passages",
        (
            "test_passages_fuzz::test_of_ten_thousand_damaged_updates_each_is_refused_or_nobody_gets_what_is_not_for_them",
        ),
        ("test_passages_fuzz::test_a_splitter_broken_in_this_way_is_caught",),
        _passages,
        lambda cases: f"{passed(cases)} splitters, such as one that takes look-alikes of markers for text",
    ),
    Claim(
        "Pictures",
        ("test_pictures::test_nothing_but_pixels_survives",),
        ("test_pictures::test_saving_a_picture_as_it_is_would_have_kept_them",),
        _pictures,
        lambda cases: f"{passed(cases)}: saving a picture as the library does keeps its comment",
    ),
    Claim(
        "Hostile text in Chromium",
        (
            "test_hostile_pages::test_no_vector_runs_loads_or_leads_anywhere",
            "test_hostile_pages::test_of_five_hundred_random_documents_none_does_either",
            "test_hostile_pages::test_a_poisoned_page_mail_or_macro_is_made_of_nothing_that_a_clean_one_is_not",
        ),
        (
            "test_hostile_pages::test_the_watch_notices",
            "test_hostile_pages::test_without_sanitiser_and_caution_vectors_do_run",
        ),
        _browser,
        lambda cases: (
            f"{passed(cases)}: raw markup of seven kinds; and Markdown with HTML on and no sanitiser, "
            f"where {total(cases, 'ran')} scripts ran and {total(cases, 'request')} requests went out"
        ),
    ),
    Claim(
        "File names",
        (
            "test_files_fuzz::test_eight_thousand_names_of_files",
            "test_files_fuzz::test_three_thousand_names_of_trees",
            "test_files_fuzz::test_four_thousand_folders_of_targets",
            "test_files_fuzz::test_three_thousand_names_of_folders_and_of_updates",
            "test_files_fuzz::test_two_thousand_titles_and_folders_of_authors",
        ),
        ("test_files_fuzz::test_a_check_that_is_missing_would_be_noticed",),
        _names,
        lambda cases: f"{passed(cases)}: without the check of paths a file is written outside",
    ),
    Claim(
        "Bad input",
        (
            "test_bad_input::test_each_bad_input_gives_its_code_at_its_line",
            "test_bad_input::test_no_bad_input_is_built_and_what_was_built_stays",
            "test_bad_input::test_each_bad_place_is_refused_and_nothing_is_touched",
        ),
        ("test_bad_input::test_a_loader_broken_in_this_way_is_noticed",),
        _bad_input,
        lambda cases: (
            f"a loader that overlooks what is wrong, or names the line below: "
            f"{total(cases, 'noticed'):,} of {total(cases, 'tried'):,} rows notice"
        ),
    ),
)

SENDING = (
    Claim(
        "Faulty mail servers",
        (
            "test_smtp::test_what_we_say_of_a_mail_is_what_became_of_it",
            "test_smtp::test_only_what_is_about_the_connection_or_ourselves_is_fatal",
            "test_smtp::test_nothing_is_said_in_clear_when_privacy_or_log_in_fails",
            "test_smtp::test_of_very_many_mails_none_is_accepted_twice_and_none_is_missing",
        ),
        (
            "test_smtp::test_who_takes_silence_for_refusal_sends_twice",
            "test_smtp::test_without_doubled_dots_a_message_would_end_early",
        ),
        _faults,
        lambda cases: (
            f"{passed(cases)}: who takes silence for refusal sends twice; without doubled dots a mail ends early"
        ),
    ),
    Claim(
        "Mail headers",
        ("test_wire::test_of_fifty_thousand_values_each_gives_the_headers_meant_or_is_refused",),
        ("test_wire::test_without_our_guards_the_same_values_break_headers",),
        _headers,
        lambda cases: f"{passed(cases)}: the library alone writes headers that nobody meant",
    ),
    Claim(
        "Ledger on an S3 server",
        (
            *_CONTRACT,
            "test_bucket_ledger::test_runners_that_are_killed_again_and_again_tell_nobody_twice_and_forget_nobody",
            "test_bucket_ledger::test_a_sender_that_sleeps_through_its_lease_tells_nobody_twice",
            "test_bucket_ledger::test_our_own_success_is_known_when_its_reply_was_lost",
            "test_bucket_ledger::test_a_store_that_keeps_them_is_not",
        ),
        (
            "test_bucket_ledger::test_without_conditions_two_runners_would_tell_people_twice",
            "test_bucket_ledger::test_a_ledger_that_did_not_know_its_own_words_would_forget_people",
            "test_bucket_ledger::test_a_store_that_ignores_conditions_is_refused_by_name",
        ),
        _on_a_store,
        lambda cases: (
            f"{passed(cases)}: without conditional writes people are told twice; a ledger that does not know its own "
            f"writes forgets people; stores that ignore conditions are refused"
        ),
    ),
)

READING = ("test_egress::test_without_reading", "test_egress::test_without_compatible_forms")
NEEDLESSLY = ("test_egress::test_without_what_the_reader_may_see_its_own_words_would_be_refused",)
"""What the second wall is broken by: a way of reading left out; what a reader may see anyway not taken into account."""
