"""A site's own colours, logo and links: what is taken, what is refused and why, and what becomes of it in every tree."""

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from command import run
from heliograph import theme
from heliograph.colours import Colour, contrast, nearest, read_colour
from heliograph.load import load_site
from heliograph.load.pictures import PictureRefused
from heliograph.load.vectors import SIZE_LIMIT, take_drawing
from heliograph.pipeline import Build
from heliograph.problems import Refused
from heliograph.render.layouts import Layouts
from heliograph.resources import defaults
from heliograph.theme import GROUNDS, NEEDED, ORNAMENTS, TEXTS, Colours, Theme
from sites import TINY, write_site

SITE = "site_src/site.toml"
LOGO = "site_src/assets/logo.svg"
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 30">{}</svg>'
SHEETS = ("web/style.css", "web/internal/style.css", "brief/style.css")
TOP = (defaults() / "layouts/web/chrome/top.html").read_text("utf-8")
COLOURS = st.builds(Colour, *[st.integers(0, 255)] * 3)


def themed(**written: str) -> dict[str, str]:
    """The tiny site's settings with a theme; values are written as they stand in TOML."""
    return {SITE: TINY[SITE] + "\n[theme]\n" + "".join(f"{key} = {value}\n" for key, value in written.items())}


def look(tmp_path, more=None, **written):
    return load_site(write_site(tmp_path, themed(**written) | (more or {}))).settings.look


def refusals(tmp_path, more=None, **written):
    with pytest.raises(Refused) as refused:
        look(tmp_path, more, **written)
    return [(p.code, p.place.file, p.place.line, p.message, p.hint) for p in refused.value.problems]


def colours(light=None, dark=None) -> Theme:
    sides = [{name: read_colour(value) for name, value in (side or {}).items()} for side in (light, dark)]
    return Theme(light=Colours(**sides[0]), dark=Colours(**sides[1]))


def png(size=(60, 20), ink=(200, 30, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, ink).save(out, "PNG")
    return out.getvalue()


# --- colours ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#fff", 4.0),
    ],
)
def test_contrast_is_what_wcag_says(one, other, ratio):
    found = contrast(read_colour(one), read_colour(other))
    assert found == contrast(read_colour(other), read_colour(one))
    assert found == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize("text", ["red", "#12", "#12345", "#1234567", "#12345g", "0b5f7a", "#0b5f7a ", "", "#١٢٣456"])
def test_only_hex_digits_are_a_colour(text):
    assert read_colour(text) is None


@given(COLOURS, COLOURS, st.sampled_from([3.0, 4.5]))
@settings(max_examples=25, deadline=None)
def test_the_nearest_colour_passes_and_no_nearer_shade_does(colour, ground, needs):
    def passes(one):
        return contrast(one, ground) >= needs

    found = nearest(colour, passes)
    assert found is not None, "black or white always passes against one ground"
    assert passes(found)
    if passes(colour):
        assert found == colour


def test_no_shade_is_offered_where_none_passes():
    assert nearest(Colour(10, 20, 30), lambda one: False) is None


# --- what the stylesheet uses -----------------------------------------------------------------------------------------


def test_each_shipped_colour_has_a_part_to_play():
    known = {*GROUNDS, *TEXTS, *ORNAMENTS}
    for scheme, palette in theme.shipped().items():
        assert set(palette) == known, scheme


def test_whatever_the_stylesheets_write_in_is_held_to_the_contrast_of_text():
    """A mark or tone stands for the colour of a state, which counts as text wherever it is set."""
    rules = "".join((defaults() / "layouts" / sheet).read_text("utf-8") for sheet in SHEETS)
    written = set(re.findall(r"[;{\s]color:\s*var\(--([a-z]+)\)", rules))
    drawn = set(re.findall(r"(?:background|border[a-z-]*|outline|fill)(?:-color)?:[^;}]*var\(--([a-z]+)\)", rules))
    stands_for = set(re.findall(r"--(?:mark|tone):\s*var\(--([a-z]+)\)", rules))
    aliases = {"mark", "tone"}
    assert written - aliases <= set(TEXTS)
    assert stands_for <= set(TEXTS)
    assert drawn - aliases <= {*TEXTS, *GROUNDS, *ORNAMENTS}


def test_the_shipped_colours_pass():
    assert list(theme.faults(Theme())) == []
    assert theme.to_css(Theme()) == ""


# --- what follows from a few colours ----------------------------------------------------------------------------------


def test_an_accent_alone_gets_a_lighter_one_for_the_dark():
    own = colours({"accent": "#6a1b9a"})
    dark = theme.palette(own, "dark")
    assert dark["accent"] != theme.shipped()["dark"]["accent"]
    assert all(contrast(dark["accent"], dark[ground]) >= 4.5 for ground in GROUNDS)
    assert theme.palette(own, "light")["accent"] == Colour(0x6A, 0x1B, 0x9A)


def test_an_accent_for_the_dark_is_taken_as_it_is_written():
    own = colours({"accent": "#6a1b9a"}, {"accent": "#ffcc00"})
    assert theme.palette(own, "dark")["accent"] == Colour(255, 204, 0)


def test_a_ground_brings_its_sheet_its_quiet_text_and_its_lines():
    changed = theme.palette(colours({"ground": "#fff4e5"}), "light")
    shipped = theme.shipped()["light"]
    assert {name for name in shipped if changed[name] != shipped[name]} == {"ground", "sheet", "soft", "rule"} - (
        {"sheet"} if changed["sheet"] == shipped["sheet"] else set()
    )
    assert contrast(changed["soft"], changed["ground"]) >= 4.5
    assert theme.palette(colours({"ground": "#fff4e5"}), "dark") == theme.shipped()["dark"]


@given(
    st.builds(Colours, accent=st.none() | COLOURS, ground=st.none() | COLOURS, ink=st.none() | COLOURS), st.booleans()
)
@settings(max_examples=25, deadline=None)
def test_what_is_not_faulted_can_be_read_everywhere(side, in_the_dark):
    own = Theme(dark=side) if in_the_dark else Theme(light=side)
    faulted = {(fault.scheme, fault.name) for fault in theme.faults(own)}
    for scheme in ("light", "dark"):
        palette = theme.palette(own, scheme)
        poor = [(text, on) for text in TEXTS for on in GROUNDS if contrast(palette[text], palette[on]) < NEEDED]
        assert bool(poor) == any(where == scheme for where, _ in faulted)


@given(COLOURS, st.sampled_from(["accent", "ground", "ink"]), st.sampled_from(["light", "dark"]))
@settings(max_examples=25, deadline=None)
def test_the_colour_that_is_offered_instead_is_taken(colour, name, scheme):
    for fault in theme.faults(Theme(**{scheme: Colours(**{name: colour})})):
        assert fault.name == name
        assert fault.instead is not None
        assert list(theme.faults(Theme(**{scheme: Colours(**{name: fault.instead})}))) == []


def test_only_what_changes_is_written_and_paper_keeps_the_shipped_colours():
    css = theme.to_css(colours({"accent": "#6a1b9a"}, {"ground": "#000000"}))
    light, dark = css.splitlines()
    assert light == "@media screen and (prefers-color-scheme: light) { :root { --accent: #6a1b9a; } }"
    assert dark.startswith("@media screen and (prefers-color-scheme: dark) { :root { --accent: #")
    assert "--ground: #000000" in dark


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_site_without_a_theme_looks_as_shipped(tmp_path):
    found = load_site(write_site(tmp_path)).settings.look
    assert (found.theme, found.logo, found.links) == (Theme(), None, ())


def test_colours_are_read_for_light_and_dark(tmp_path):
    found = look(tmp_path, accent='"#6A1B9A"', ground='"#fffdf8"', ink_dark='"#ffffff"').theme
    assert found == colours({"accent": "#6a1b9a", "ground": "#fffdf8"}, {"ink": "#ffffff"})


@pytest.mark.parametrize("value", ['"red"', '"#abc"', '"#0b5f7a;}"', '"rgb(1,2,3)"', '"var(--ink)"', '"#0b5f7a00"'])
def test_a_colour_of_another_form_is_refused(tmp_path, value):
    [(code, file, line, _, hint)] = refusals(tmp_path, accent=value)
    assert (code, file, line) == ("E651", SITE, 6)
    assert "#0b5f7a" in hint


def test_an_accent_that_cannot_be_read_is_refused_with_the_nearest_that_can(tmp_path):
    [(code, file, line, message, hint)] = refusals(tmp_path, accent='"#ff6600"')
    assert (code, file, line) == ("E650", SITE, 6)
    assert "`accent`: links and the ring of focus (#ff6600)" in message
    assert re.search(r"contrast of 2\.[0-9]{2} to 1; 4\.5 to 1 is needed", message)
    offered = re.search(r"#[0-9a-f]{6}", hint).group()
    assert contrast(read_colour(offered), theme.shipped()["light"]["ground"]) >= 4.5
    assert look(tmp_path, accent=f'"{offered}"')


def test_the_ground_answers_for_the_colours_of_states(tmp_path):
    [(code, _, line, message, hint)] = refusals(tmp_path, ground='"#c8c8c8"')
    assert (code, line) == ("E650", 6)
    assert "`ground`: the mark and words of" in message
    assert hint.startswith("the nearest shade that passes is #")


def test_dark_colours_are_held_to_the_same(tmp_path):
    [(code, _, line, message, _)] = refusals(tmp_path, ink_dark='"#444444"')
    assert (code, line) == ("E650", 6)
    assert message.startswith("`ink_dark`: ")


def test_a_ratio_is_never_rounded_up_to_what_is_needed(tmp_path):
    ground = theme.shipped()["light"]["ground"]
    poor = next(one for one in (Colour(n, n, n) for n in range(100, 140)) if 4.4 < contrast(one, ground) < 4.5)
    [(_, _, _, message, _)] = refusals(tmp_path, ink=f'"{poor}"')
    assert "contrast of 4.4" in message


def test_unknown_keys_of_a_theme_are_refused(tmp_path):
    [(code, _, line, _, hint)] = refusals(tmp_path, acent='"#0b5f7a"')
    assert (code, line, hint) == ("E609", 6, "did you mean accent?")


def test_links_are_read_and_held_to_the_one_rule(tmp_path):
    found = look(tmp_path, links='[{name = "Company", url = "https://www.example.com"}]').links
    assert [(link.name, link.url) for link in found] == [("Company", "https://www.example.com")]
    bad = '[{name = "Company", url = "javascript:alert(1)"}, {name = "Help", url = "https://me@example.com"}]'
    assert [code for code, *_ in refusals(tmp_path, links=bad)] == ["E409", "E411"]
    assert [code for code, *_ in refusals(tmp_path, links='[{name = "Company"}]')] == ["E128"]
    many = "[" + ", ".join('{name = "A", url = "https://example.com"}' for _ in range(9)) + "]"
    assert [code for code, *_ in refusals(tmp_path, links=many)] == ["E654"]


def test_the_example_that_a_new_site_begins_with_is_right(tmp_path, capsys):
    assert run(capsys, "init", tmp_path / "new").code == 0
    written = tmp_path / "new" / SITE
    before, begins, example = written.read_text("utf-8").partition("# [theme]")
    assert begins
    written.write_text(before + re.sub(r"(?m)^# ", "", begins + example), "utf-8")
    (tmp_path / "new" / LOGO).parent.mkdir()
    (tmp_path / "new" / LOGO).write_text(DRAWING.format(""), "utf-8")
    found = load_site(tmp_path / "new").settings.look
    assert found.theme.light.accent
    assert found.theme.dark.accent
    assert found.logo
    assert found.links


# --- logo -------------------------------------------------------------------------------------------------------------


def test_a_drawing_is_taken_as_a_logo_that_says_the_sites_name(tmp_path):
    found = look(tmp_path, {LOGO: DRAWING.format('<path d="M0 0h10z"/>')}, logo='"logo.svg"').logo
    assert (found.alt, found.dark) == ("Tiny", None)
    assert (found.picture.width, found.picture.height) == (160, 40)
    assert re.fullmatch(r"picture-[0-9a-f]{16}\.svg", found.picture.file)


def test_a_logo_may_be_a_picture_with_another_for_the_dark(tmp_path):
    files = {"site_src/assets/a.png": png(), "site_src/assets/b.png": png(ink=(9, 9, 9))}
    found = look(tmp_path, files, logo='"a.png"', logo_dark='"b.png"', logo_alt='"Tiny Payments"').logo
    assert found.alt == "Tiny Payments"
    assert found.picture.file != found.dark.file
    assert (found.picture.width, found.picture.height) == (60, 20)


@pytest.mark.parametrize(
    ("files", "written", "code", "file"),
    [
        ({}, {"logo": '"logo.svg"'}, "E653", SITE),
        ({LOGO: DRAWING.format("")}, {"logo": '"lgo.svg"'}, "E653", SITE),
        ({LOGO: DRAWING.format("")}, {"logo": '"../assets/logo.svg"'}, "E653", SITE),
        ({LOGO: DRAWING.format("")}, {"logo_dark": '"logo.svg"'}, "E128", SITE),
        ({LOGO: DRAWING.format("<script/>")}, {"logo": '"logo.svg"'}, "E652", LOGO),
        ({"site_src/assets/a.png": b"GIF89a"}, {"logo": '"a.png"'}, "E418", "site_src/assets/a.png"),
    ],
)
def test_a_logo_that_cannot_be_taken_is_refused_at_its_place(tmp_path, files, written, code, file):
    assert [found[:2] for found in refusals(tmp_path, files, **written)] == [(code, file)]


def test_assets_that_no_theme_names_are_not_looked_into(tmp_path):
    assert look(tmp_path, {LOGO: "no drawing", "site_src/assets/notes.txt": "x"}).logo is None


@pytest.mark.parametrize(
    "content",
    [
        "<script>alert(1)</script>", "<style>a{}</style>", "<text>secret</text>", '<image href="https://example.com/x"/>',
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>', '<use href="#a"/>',
        '<a href="https://example.com"><path d="M0 0"/></a>', "<animate/>", "<set/>", "<svg/>", "<filter/>", "<mask/>",
        '<path fill="url(https://example.com/#a)"/>', '<path style="fill:url(https://example.com)"/>',
        '<linearGradient href="https://example.com/#a"/>', '<path d="M0 0 secret"/>', '<path fill="a; b"/>',
        '<path fill="expression(alert(1))"/>', '<path transform="url(#a)"/>', '<path clip-path="url(javascript:x)"/>',
        "<g>" * 40 + "</g>" * 40,
    ],
)  # fmt: skip
def test_a_drawing_that_does_more_than_draw_is_refused(content):
    with pytest.raises(PictureRefused) as refused:
        take_drawing("site_src/assets/logo.svg", DRAWING.format(content).encode())
    assert refused.value.code == "E652"
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (DRAWING.format("\xe9").encode("latin-1"), "E418"),
        (b"", "E418"), (b"GIF89a", "E418"), (b"<svg>", "E418"), (b"<html/>", "E418"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "E652"),
        (DRAWING.format("").replace("0 0 120 30", "0 0 120 0").encode(), "E652"),
        (DRAWING.format("").replace("0 0 120 30", "0 0 nan 30").encode(), "E652"),
        (DRAWING.format("").replace("0 0 120 30", "0 0 inf 30").encode(), "E652"),
        (b'<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + DRAWING.format("").encode(), "E652"),
        (DRAWING.format(" " * SIZE_LIMIT).encode(), "E417"),
    ],
)  # fmt: skip
def test_what_is_no_drawing_is_refused(data, code):
    with pytest.raises(PictureRefused) as refused:
        take_drawing("site_src/assets/logo.svg", data)
    assert refused.value.code == code


@pytest.mark.parametrize("encoding", ["foo", "utf-7", "big5", "idna", "hex", "unicode_escape", "undefined"])
def test_a_drawing_is_utf_8_whatever_it_claims(encoding):
    data = f'<?xml version="1.0" encoding="{encoding}"?>{DRAWING.format("")}'.encode()
    assert take_drawing("a/logo.svg", data).width == 160


@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(b'<>"&;#()0aZ \0\xff')), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_spoilt_drawing_is_taken_or_refused_and_nothing_else(changes):
    data = bytearray(DRAWING.format('<g id="a"><path d="M0 0" fill="url(#a)" style="fill:red"/></g>').encode())
    for at, byte in changes:
        data[at % len(data)] = byte
    try:
        assert take_drawing("a/logo.svg", bytes(data)).data.startswith(b"<svg")
    except PictureRefused as refused:
        assert refused.code in {"E418", "E652"}


def test_nothing_but_what_is_drawn_gets_into_a_drawing():
    drawn = take_drawing(
        "a/logo.svg",
        b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x.dtd"><!-- secret -->'
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:i="http://secret"'
        b' width="60px" height="30px" onload="secret()" i:version="secret" class="secret" data-x="secret">'
        b"<title>secret</title><desc>secret</desc><metadata><i:x>secret</i:x></metadata><i:view secret='1'><i:b/></i:view>"
        b'<defs><linearGradient id="secret"><stop offset="0" style="stop-color: #f60; -secret-x: 1"/></linearGradient>'
        b'<linearGradient id="b" xlink:href="#secret"/></defs>'
        b'<path id="secret2" d="M0 0\nL10,10z" fill="url(#b)" onclick="secret()">secret</path></svg>',
    )
    text = drawn.data.decode()
    assert "secret" not in text
    assert 'href="#a1"' in text
    assert 'stop-color="#f60"' in text
    assert '<path id="a3" d="M0 0 L10,10z" fill="url(#a2)"></path>' in text
    assert 'width="80"' in text
    assert 'viewBox="0 0 60 30"' in text
    assert take_drawing("b/other.svg", drawn.data).data == drawn.data, "what was drawn anew is drawn the same again"


# --- what becomes of it -----------------------------------------------------------------------------------------------


def trees(root):
    site = load_site(root)
    plans = Build(site, Layouts(root / "layouts"), site.incidents[0].updates[0].at).trees()
    return {plan.name: {artifact.path: artifact.data for artifact in plan.artifacts} for plan in plans}


def test_every_site_and_brief_gets_the_theme_behind_its_stylesheet_and_the_logo(tmp_path):
    drawing = {LOGO: DRAWING.format('<path d="M0 0h10z"/>')}
    made = trees(write_site(tmp_path, themed(accent='"#6a1b9a"', logo='"logo.svg"') | drawing))
    for tree in ("public", "internal", "support"):
        [style] = [data.decode() for path, data in made[tree].items() if path.endswith(".css")]
        assert style.index("--accent: #6a1b9a") > style.rindex("@media print"), "it comes after the shipped rules"
        assert [path for path in made[tree] if path.startswith("assets/picture-")] != []


def test_a_picture_that_is_logo_and_illustration_at_once_is_written_once(tmp_path):
    update = TINY["incidents/2026-11-21-checkout/1405-investigating.md"]
    made = trees(
        write_site(
            tmp_path,
            themed(logo='"a.png"')
            | {
                "site_src/assets/a.png": png(),
                "incidents/2026-11-21-checkout/a.png": png(),
                "incidents/2026-11-21-checkout/1405-investigating.md": update.replace(
                    "We are looking into it.", "We are looking into it.\n\n![A chart](a.png)"
                ),
            },
        )
    )
    assert len([path for path in made["public"] if path.startswith("assets/picture-")]) == 1


def test_shipped_pages_show_the_logo_and_the_links(tmp_path):
    drawing = {LOGO: DRAWING.format('<path d="M0 0h10z"/>')}
    links = '[{name = "Company", url = "https://www.example.com"}]'
    made = trees(write_site(tmp_path, themed(logo='"logo.svg"', logo_alt='"Tiny Payments"', links=links) | drawing))
    for page in (made["public"]["index.html"].decode(), made["internal"]["index.html"].decode()):
        assert re.search(r'<img[^>]* src="assets/picture-[0-9a-f]{16}\.svg"', page)
        assert 'alt="Tiny Payments"' in page
        assert 'href="https://www.example.com"' in page
        assert ">Company<" in page


def test_a_layout_of_the_sites_own_can_show_logo_and_links(tmp_path):
    top = (
        '<p><img src="{{ top }}assets/{{ frame.about.logo.picture.file }}" alt="{{ frame.about.logo.alt }}">'
        "{% for one in frame.about.links %}{{ link(one.name, one.url) }}{% endfor %}</p>"
    )
    files = {LOGO: DRAWING.format('<path d="M0 0h10z"/>'), "layouts/web/chrome/top.html": top}
    links = '[{name = "Company & friends", url = "https://www.example.com"}]'
    made = trees(write_site(tmp_path, themed(logo='"logo.svg"', logo_alt='"Tiny Payments"', links=links) | files))
    page = made["public"]["incidents/k3x9q2mf/index.html"].decode()
    [file] = re.findall(r'<p><img src="../../assets/(picture-[0-9a-f]{16}\.svg)" alt="Tiny Payments">', page)
    assert made["public"][f"assets/{file}"].startswith(b"<svg")
    assert 'href="https://www.example.com"' in page
    assert ">Company &amp; friends</a>" in page


def test_a_theme_in_no_way_changes_the_words(tmp_path):
    plain = trees(write_site(tmp_path / "plain"))
    own = trees(write_site(tmp_path / "own", themed(accent='"#6a1b9a"')))
    style = re.compile(rb"assets/style\.[0-9a-f]{12}\.css")
    assert style.sub(b"", plain["public"]["index.html"]) == style.sub(b"", own["public"]["index.html"])
