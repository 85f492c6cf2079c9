"""Constructs of Markdown that reach beyond the place where they stand: what one passage begins, another would end."""

from __future__ import annotations

from typing import Final

SECRET: Final = "quokka"
OPEN: Final = "wombat"

# name: what stands in the one passage, what in the other. `{}` is that passage's own word; each is tried both ways.
CROSSINGS: Final[dict[str, tuple[str, str]]] = {
    "link definition": ("See [the page][a] of {}.", "[a]: https://{}.example/page '{}'\n\nText {}."),
    "short link definition": ("See [a] of {}.", "[a]: https://{}.example/ '{}'\n\nText {}."),
    "definition that shadows": ("[a]: https://{}.example/\n\nSee [a].", "[a]: https://{}.example/ '{}'\n\nSee [a]."),
    "footnote": ("Payments fail[^1], says {}.", "[^1]: because of {}."),
    "inline footnote": ("Payments fail^[{}", "{}] and more."),
    "abbreviation": ("The {} HTML page.", "*[HTML]: {}"),
    "reference image": ("A picture: ![{}][p]", "[p]: https://{}.example/p.png"),
    "comment": ("<!-- {}", "{} -->"),
    "HTML block": ("<div>\n{}", "{}\n</div>"),
    "HTML attribute": ('<a title="{}', '{}">x</a>'),
    "code fence": ("```\n{}", "{}\n```"),
    "tilde fence": ("~~~ sh\n{}", "{}\n~~~"),
    "fence of another length": ("````\n{}\n```", "{}\n````"),
    "indented code": ("Text.\n\n    {}", "    {}"),
    "code span": ("Text `{}", "{}` text."),
    "heading underlined by =": ("{}", "===\n\n{}"),
    "heading underlined by -": ("{}", "---\n\n{}"),
    "table that goes on": ("| a | b |\n|---|---|\n| {} | 1 |", "| {} | 2 |\n| 3 | {} |"),
    "table's head and body": ("| {} | b |", "|---|---|\n| {} | 2 |"),
    "list that goes on": ("- {}", "  {}\n- {}"),
    "numbered list that goes on": ("3. {}", "4. {}"),
    "nested list that goes on": ("- a\n  - {}", "    {}\n  - {}"),
    "quotation that goes on": ("> {}", "{} lazily\n> {}"),
    "emphasis": ("Text *{}", "{}* text."),
    "strong emphasis": ("Text **{}", "{}** text."),
    "strikethrough": ("Text ~~{}", "{}~~ text."),
    "link": ("Text [{}", "{}](https://x.example/{}) text."),
    "link's address": ("Text [{}](https://x.example/", "{}) text."),
    "link's title": ("Text [{}](https://x.example/ '", "{}') text."),
    "autolink": ("Text <https://{}.example/", "{}> text."),
    "hard break": ("{}\\", "{}"),
    "entity": ("{} &#x", "41; {}"),
    "front matter again": ("---\naudience: public\n---\n{}", "---\naudience: internal\n---\n{}"),
    "display formula": ("$$\n{}", "{}\n$$"),
    "definition list": ("{}", ": {}"),
    "block attribute": ("{}", "{: .public }\n{}"),
}
