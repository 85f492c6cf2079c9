"""Every code a finding may carry: what it says, and what to do about it. `docs/errors.md` is made of this table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class Code(msgspec.Struct, frozen=True):
    """A short title, and advice in one or two sentences. Codes that begin with W warn and refuse nothing."""

    title: str
    advice: str


_TABLE: Final = {
    # Front matter and values
    "E101": Code("No front matter", "Begin the file with a line `---`, the keys, and another line `---`."),
    "E102": Code("Front matter not closed", "End the keys with a line that is exactly `---`."),
    "E103": Code("Not UTF-8", "Save the file as UTF-8. The message gives the first byte that does not belong."),
    "E104": Code("Lone carriage return", "End lines with LF or CR LF; a CR by itself hides where a line ends."),
    "E105": Code("Tab in front matter", "Indent with spaces."),
    "E106": Code("Written twice", "Keep one of the two; which one is meant is not guessed."),
    "E107": Code("Unknown key in front matter", "Correct its spelling or remove it; `docs/files.md` lists all keys."),
    "E108": Code("Not of the form key: value", "Write an ordinary colon and an ordinary space after the key."),
    "E109": Code("Not well-formed YAML", "Put values that hold `:`, `#` or brackets in double quotes."),
    "E110": Code("Text is missing", "Write some text; in TOML put it in quotes."),
    "E111": Code("Several labels", "Give one label. For several audiences write several passages."),
    "E112": Code("Unknown label", "Use `public`, `say`, `strategic`, an audience's id or `customer:<id>`."),
    "E113": Code("Incomplete customer's label", "Write `customer:` and the customer's id without a space."),
    "E114": Code("Unknown customer", "Declare the customer in `audiences/strategic.toml`, or correct the id."),
    "E115": Code("Anchor, alias or merge key", "Write the value again: nothing may arrive from somewhere else."),
    "E116": Code("Tag or directive", "Remove it. Every value is the text you type."),
    "E117": Code("Nested too deep", "At most 20 levels are read."),
    "E118": Code("Front matter too large", "At most 16 KB are read. Long text belongs below the front matter."),
    "E119": Code("Not a usable number", "Write a whole number above zero."),
    "E120": Code("Wrong kind of value", "A list, a mapping, text or `true`/`false` is wanted; the message says which."),
    "E121": Code("Control character", "Remove it; the column says where it is. Only line ends may stand in text."),
    "E122": Code("Too long", "Shorten it. A title has at most 140 characters, another line 500."),
    "E123": Code("Nothing to see", "Write words: spaces and invisible characters are no title."),
    "E124": Code("Turns the direction of writing", "Remove the character: it can make text read as other than it is."),
    "E125": Code("Encoded mail header", "Write the words themselves; mail is encoded when it is made."),
    "E126": Code("Several lines", "Write it in one line."),
    "E127": Code("Second YAML document", "Front matter is one document; text belongs below the closing `---`."),
    "E128": Code("A key is missing", "Add it."),
    "E131": Code("Not one of the allowed words", "Choose one of the words the message names."),
    "E132": Code("Text where none belongs", "Move it into an update; `incident.md` says only what the incident is."),
    "E133": Code("Says nothing", "Write text or a status, or delete the file."),
    "E134": Code("Front matter where none belongs", "A `+customer` file is one passage; its update has the keys."),
    "E135": Code("Not an e-mail address", "Write one plain address, such as `status@example.com`."),
    "E136": Code("Not an address", "Write a whole web address without spaces, quotes or brackets."),
    "E137": Code(
        "Not clear what was translated",
        "`of: {public: 3f9a0c1b22de}` tells by digest which words for each label this is a translation of; the message "
        "gives the digests of the present words. Write them only if it says what those say.",
    ),
    # Time and state
    "E201": Code("Not a time, or one without a zone", "Write `2026-11-21T14:20Z`, or an offset such as `+01:00`."),
    "E202": Code("No such date", "Correct the day or the time of day."),
    "E203": Code("Ends before it starts", "Correct the window."),
    "E206": Code("A year nobody means", "Write a year between 1990 and 2199."),
    "E207": Code("Unknown status", "Incidents and planned work have different ones; the message names those that fit."),
    "E208": Code("Opened again without saying so", "Add `reopen: true`, or correct the update's `at` or `status`."),
    "E209": Code("Id of an update used twice", "Give the copy an id of its own; both files are named."),
    "E210": Code("Unknown component", "Declare it in `site_src/components.toml`, or correct the id."),
    "E211": Code("Planned work without a window", "Add `window: {start: …, end: …}`."),
    "E213": Code("Not a span of time", "Write `30m`, `1h30m` or `2d`."),
    "E214": Code("No such time zone", "Write a name such as `Europe/Berlin` or `UTC`."),
    "E215": Code("Unknown fact", "Declare it in `site_src/facts.toml`, or correct the id."),
    "E216": Code("An incident without an update", "Write its first update: nothing has been said yet."),
    "E217": Code("Not whole days", "Planned work repeats after whole days, such as `7d`."),
    "E218": Code("Next update in the past", "`next_update` must lie after the update's own `at`."),
    "E219": Code("Unknown region", "Write one that a component in `site_src/components.toml` has."),
    "W204": Code("Update before the beginning", "Is `at` right, or did the incident begin earlier?"),
    # Ids and files
    "E301": Code("Not an id", "Use a-z, 0-9 and hyphens inside; `heliograph new` writes random ones."),
    "E302": Code("Reserved", "Choose another id: the site's own files or labels have this name."),
    "E303": Code("Impossible on Windows", "Choose another id: devices have such names, and dots at the end vanish."),
    "E304": Code("Id used twice", "Give one of the two another id."),
    "E305": Code("Id too long", "At most 64 characters."),
    "E306": Code("Not an ordinary file", "Replace the link, pipe or device by the file itself."),
    "E307": Code("Not readable", "Check the file's permissions."),
    "E308": Code("Vanished while being read", "Run the command again once nothing else writes to the site."),
    "E309": Code("File too large", "At most 256 KB are read."),
    "E310": Code("Name is not plain text", "Rename the file; names are UTF-8 without control characters."),
    "E311": Code("Too many files", "At most 100,000 are read. Is this the right folder?"),
    "E312": Code("A folder with a file's name", "Rename the folder."),
    "E313": Code(
        "Unknown file or folder", "Correct its name or move it elsewhere; `docs/files.md` lists what is read."
    ),
    "E314": Code(
        "Not a further language of the site",
        "`<name>.<language>.md` is a translation. Add the language to `languages` in `site_src/site.toml`, or rename "
        "the file: a dot and two or three letters at the end of a name are always a language.",
    ),
    "E315": Code("A seal", "Sign-off is not read by this version; remove the file."),
    "E316": Code("Added to nothing", "`<name>+<customer>.md` must stand beside the update `<name>.md`."),
    "E317": Code("Not clear what this folder is", "A folder holds either `incident.md` or `maintenance.md`."),
    "E318": Code("Postmortem of planned work", "Write it beside an `incident.md`, or as an update."),
    "E319": Code("A file is missing", "Add it; `heliograph init` writes a small site to begin with."),
    "E320": Code(
        "Translates nothing",
        "`<name>.<language>.md` must stand beside the file `<name>.md` that it translates. What `+customer` files say "
        "is translated in the update's own translation.",
    ),
    # Passages and Markdown
    "E401": Code("Code block not closed", "End it with the same marks that began it, within the same passage."),
    "E402": Code("Nothing to close", "Remove the `:::`, or open a passage with `::: LABEL` before it."),
    "E404": Code(
        "Looks like a passage marker",
        "A marker is exactly `::: LABEL` at the start of a line; to write about one, put it in backticks.",
    ),
    "E405": Code("Marker inside a code block", "Close the code block before the marker."),
    "E407": Code("Comment", "Remove it: text is either said to someone or not written."),
    "E408": Code("HTML", "Write Markdown, or put the code in backticks."),
    "E409": Code("Address of a scheme that is not allowed", "Links lead to http, https, mailto or tel."),
    "E410": Code("Address without a scheme", "Begin it with `https:`."),
    "E411": Code("User name in an address", "Remove everything before the `@`."),
    "E413": Code("Undefined reference", "Define the link within the same passage; footnotes are not supported."),
    "E414": Code("Picture of another site", "Put the file beside the update and name it, or link to it instead."),
    "E415": Code("No such picture", "Name a PNG, JPEG or WebP file that lies beside the update, by its name alone."),
    "E416": Code("SVG", "Export it as PNG: an SVG file can carry scripts and text that nobody sees."),
    "E417": Code("Picture too large", "Make it smaller; at most 16 million pixels are taken."),
    "E418": Code("Not the picture its name says", "Save it anew as one still PNG, JPEG or WebP picture."),
    "E419": Code("Not a whole address", "Write it from `https:` on: mail and chat have no page to start from."),
    "E420": Code(
        "Too intricate",
        "Use fewer brackets, levels or columns, or write less; a passage has at most 65,536 characters.",
    ),
    "E422": Code("Text after a closed passage", "Give it a marker: nothing below one returns to the first label."),
    "E423": Code("Placeholder left untouched", "Replace it, brackets and all."),
    "E424": Code("Marker in a customer's file", "A `+customer` file is one passage; write others into the update."),
    "E425": Code("Leads elsewhere than it says", "A link whose words are an address leads to just that address."),
    "E426": Code(
        "Translates words that are not there",
        "A translation has at most as many passages for a label as its original, and none for a label that it lacks.",
    ),
    "E427": Code(
        "Told to those who ask and to nobody else",
        "A time, a length of time, a share, an amount or a number stands in words for those who ask, and in no public "
        "words up to then. Support pastes it, and a customer keeps it: say it in public words, too, or take it out.",
    ),
    "E430": Code(
        "Nobody could read this",
        "Each reader of a part must also be a reader of its update's audience and of one of the titles.",
    ),
    "W431": Code("A public title without public words", "Write a public update, or remove the public title."),
    "W432": Code("No word on when the next one comes", "Add `next_update: 30m`, so that readers need not ask."),
    "W433": Code(
        "Translation out of date",
        "The original's words have changed since. Readers get the original, and are told why, until you bring the "
        "translation up to date and write the digest that the message gives.",
    ),
    "W434": Code("Translation is a draft", "Nobody is shown it. Remove `draft` from its front matter once it is done."),
    # Recipients, mail and chat
    "E501": Code("Not exactly one address", "Write one plain address in each cell or value, alone and in one line."),
    "E502": Code(
        "A form of address that is not taken",
        "Write it as `name@example.com`: without quotes, comments, routes (`%`, `!`), IP addresses or a last dot.",
    ),
    "E503": Code(
        "Letters that not every server takes",
        "Before the @ only ASCII is taken. A domain in other letters is, unless the rules for writing it in ASCII "
        "disagree: then write its name that begins with `xn--`.",
    ),
    "E504": Code(
        "Outside the audience's domains",
        "Internal words go to addresses in the domains that `[domains]` of the operator's file gives for the audience, "
        "and their sub-domains. Correct the address, or add the domain if it is yours.",
    ),
    "E505": Code(
        "Not clear who is told",
        "Give each audience with the surface `digest` a list, and each with `chat` a webhook; or name it in `silent`. "
        "An empty list is refused, and so is an address that two rows of a list give different wishes.",
    ),
    "E506": Code(
        "More recipients than meant",
        "Is it the right list? Raise `max_recipients` of the audience or `cap` of the operator's file, or say by hand "
        "how many you expect.",
    ),
    "E507": Code(
        "Row of a list not readable",
        "Save the list as CSV in UTF-8, one row a line, with `address` in its first line; `docs/operator.md` has the "
        "columns. The message never repeats what stands there.",
    ),
    "E508": Code(
        "Sender not allowed",
        "Add the site's `mail_from` to `senders` in the operator's file, if mail may come from there.",
    ),
    "E509": Code(
        "No private way to the mail server",
        "The server must offer STARTTLS, or speak TLS, and its certificate must be trusted: `ca_file` names the "
        "authority of one of your own. Without TLS only a server on this machine is used, and never a password.",
    ),
    "E510": Code(
        "The mail server keeps to no rules",
        "It did not answer in time, or what it answered is no SMTP. Check host, port and `security`. What it certainly "
        "did not accept is tried again; what it may have accepted is reported as ambiguous.",
    ),
    "E511": Code("Mail too large", "A mail has at most 512 KB. Shorten it, or let it link to the page instead."),
    "E512": Code(
        "Webhook at a private address",
        "Its name leads to this machine, a local network or a cloud's own services. If that is meant, write "
        "`allow_private = true` beside it in the operator's file.",
    ),
    "E513": Code(
        "Webhook without HTTPS",
        "Begin its address with `https:`; plain HTTP is for addresses that are private, and allowed to be so.",
    ),
    "W515": Code("Address twice in a list", "Remove one of the rows; each address is written to once."),
    # Configuration, trees and targets
    "E602": Code(
        "Places within each other",
        "Give each tree, target and `state` a folder or bucket that holds no other, nor sources.",
    ),
    "E603": Code("No place for output", "Choose a folder of its own that is empty or holds this site's tree."),
    "E605": Code("Another site's tree", "Choose another folder, or remove that tree yourself."),
    "E606": Code("A tree of another kind", "Internal and external pages never take each other's place."),
    "E607": Code("Readable by outsiders", "Close the target to the public before publishing internal pages."),
    "E608": Code(
        "Served to strangers",
        "An anonymous request was answered; close the target. The message says if pages are there.",
    ),
    "E609": Code(
        "Unknown key in the configuration",
        "Correct its spelling or remove it; `docs/files.md` and `docs/operator.md` list all.",
    ),
    "E610": Code(
        "Inside the site, or the site inside it",
        "Move the operator's file, lists, ledger and targets out of the site's folder: content is shared, copied and "
        "reviewed by many.",
    ),
    "E612": Code(
        "Not as it was written",
        "A tree: build again, since nobody edits one by hand. What a target's `state` remembers: restore it from a "
        "copy, or remove it and publish with `--init`.",
    ),
    "E613": Code("Undeclared file in a tree", "Remove it, or build again."),
    "E614": Code(
        "Ledger not usable",
        "It is missing, damaged, older than what was sent from here, or newer than this program. Nothing is sent until "
        "it is back: without it nobody knows who was told.",
    ),
    "E615": Code("Environment variable without a value", "Set it, or correct its name; it is never taken for nothing."),
    "E616": Code("Somebody else is sending", "Wait until that run ends; the message says whose it is and how old."),
    "E617": Code(
        "Storage out of reach",
        "Check endpoint, region, credentials, clock and certificate; the message says what the storage answered.",
    ),
    "E618": Code("Not well-formed TOML", "Put text in double quotes and write each key once."),
    "E619": Code(
        "Boundary not possible", "Only `public` and `strategic` are external; all other audiences are internal."
    ),
    "E620": Code("Outsiders' clearance is fixed", "Remove `sees`: no configuration widens what outsiders may read."),
    "E621": Code("Severity for outsiders", "Use impacts: severities are internal and must decide nothing outside."),
    "E622": Code(
        "Severity for insiders who may not know it",
        "An audience that does not see `internal` would learn a severity from what reaches it when. Remove the rule, "
        "use `impact` or `components` in `when`, or add `internal` to `sees`.",
    ),
    "E623": Code("Another site's operator file", "Name the file of this site in `HELIOGRAPH_OPERATOR`."),
    "E624": Code("Customers in the wrong file", "Move them to `audiences/strategic.toml`."),
    "E625": Code("Folder outside the site", "Name a folder inside the site's own, apart from its sources."),
    "E626": Code("No such tree", "Name an audience whose surfaces include `page` or `brief`."),
    "E627": Code("Secret too short", "Take a random one of at least 32 characters; `openssl rand -hex 32` makes one."),
    "E628": Code("Digest mode and `every` disagree", "`every` belongs to the mode `batched`, which needs it."),
    "W629": Code("Secret that others may read", "`chmod 600` the file, or write `${NAME}` and set that variable."),
    "E630": Code("Audiences wait for each other", "Remove one `after`, so that somebody is told first."),
    "E631": Code(
        "Store keeps no conditions",
        "Two senders could both tell the same people there. Take a store that honours If-None-Match and If-Match, or "
        "a ledger in a file.",
    ),
    "E632": Code(
        "Not known to be closed",
        "Whether strangers may read there could not be found out, and what is not known is never taken for safe. Name "
        "all its addresses in `urls`, and give the credentials leave to read the bucket's settings.",
    ),
    "E633": Code(
        "A bucket that is not ours yet",
        "It bears no mark of this site. If it is the right one: `heliograph publish TARGET --init`. Pages for insiders "
        "need a bucket or prefix that is empty.",
    ),
    "E634": Code(
        "Older than what is published",
        "Get the newest sources and build again; `--force-older` if older words are meant to come back.",
    ),
    "E635": Code(
        "Somebody else is publishing",
        "Wait until that run ends, or ten minutes after it was killed; the message says whose it is and how old.",
    ),
    "E636": Code("Another account's bucket", "Correct `bucket`, `account` or the credentials in the operator's file."),
    "E637": Code(
        "No way back to that release",
        "It is not known, its sources are not at hand, or they no longer give the same pages.",
    ),
    "E638": Code("Taken back for good", "That release holds something that was retracted; choose a later one."),
    "E639": Code("Too many to delete", "Look at the list; `--allow-mass-delete N` if so many are meant."),
    "E640": Code("Impossible name in a tree", "Use a-z, 0-9 and inner `.`, `_`, `@`, `+` and hyphens."),
    "E641": Code("Two files in one place", "Two parts of the site want the same path; rename one of them."),
    "E642": Code("Target changed meanwhile", "Run the command again: somebody else published to it."),
    "W643": Code("Last good words shown", "Mend the incident and build again; until then readers get older words."),
    "W644": Code("Left out", "Mend the incident and build again: until then no reader gets anything of it."),
    "W645": Code("Last good words damaged", "Remove `.heliograph/last-good`; the next good build keeps all anew."),
    "E650": Code(
        "Too little contrast",
        "Take the colour that the message offers, or another. Text needs 4.5 to 1 against each ground it stands on "
        "(WCAG 2.2, AA), and a ground also has to carry the colours of states.",
    ),
    "E651": Code("Not a colour", "Write a number sign and six digits of 0-9 and a-f, such as `#0b5f7a`."),
    "E652": Code(
        "A drawing that does more than draw",
        "Export it as plain SVG with text turned into paths and without style sheets, filters, pictures and scripts; "
        "or save it as PNG.",
    ),
    "E653": Code("No such picture in the assets", "Put an SVG, PNG, JPEG or WebP file into `site_src/assets`."),
    "E654": Code("Too many links", "Keep the few that readers need in trouble; others belong on a page of your own."),
    # What leaves
    "E701": Code("Layout not usable", "Correct the layout; the message names its line and what is wrong there."),
    "E801": Code(
        "Words of others in a file",
        "A file would tell its reader words that stand in a passage or field it may not read. If a layout of your own "
        "writes them, remove them there; if the same words are meant for that reader, say so in a passage for it. "
        "Otherwise this is a mistake in Heliograph: please report it, without the words.",
    ),
    "E802": Code(
        "Sensitive term in a file for outsiders",
        "A word of `sensitive_terms`, or one that begins with `hg-canary-`, would stand in a file that outsiders get. "
        "Take it out of the words written for them.",
    ),
    # Ourselves
    "E901": Code(
        "A fault of Heliograph's own",
        "Report it with the file and line it names: nothing of yours is wrong.",
    ),
}

CODES: Final[Mapping[str, Code]] = MappingProxyType(_TABLE)

_PARTS: Final = {
    "1": "Front matter and values",
    "2": "Time and state",
    "3": "Ids and files",
    "4": "Passages and Markdown",
    "5": "Recipients, mail and chat",
    "6": "Configuration, trees and targets",
    "7": "Layouts",
    "8": "What leaves",
    "9": "Heliograph itself",
}


def to_markdown() -> str:
    """Write the table as the page that explains it: a part for each hundred, a heading for each code."""
    lines = [
        "# What the codes mean",
        "",
        "Findings are written `file:line:column CODE message (hint)`. Codes that begin with E refuse the build, which",
        "then changes nothing; codes that begin with W warn.",
    ]
    for digit, part in _PARTS.items():
        lines += ["", f"## {part}"]
        for code in sorted((code for code in CODES if code[1] == digit), key=lambda code: code[1:]):
            lines += ["", f"### {code}: {CODES[code].title}", "", CODES[code].advice]
    return "\n".join(lines) + "\n"
