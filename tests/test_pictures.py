"""Pictures: only those that visible words name are copied, as pixels and nothing else."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from command import run, snapshot
from heliograph.load.pictures import PIXEL_LIMIT, PictureRefused, take_picture
from heliograph.render import markup
from heliograph.view import Passage, Picture
from sites import INCIDENT, TINY, UPDATE, write_site

SECRET = b"hg-canary-7rk2"
KINDS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}


def drawn(kind: str, size=(64, 48), **saving) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, KINDS[kind], **saving)
    return out.getvalue()


def exif() -> bytes:
    found = Image.Exif()
    found[0x010E] = SECRET.decode()  # ImageDescription
    found[0x9286] = SECRET.decode()  # UserComment
    return found.tobytes()


def thumbnail() -> bytes:
    """EXIF whose second directory holds a small JPEG that says too much."""
    small = drawn("jpg", (8, 8)) + SECRET
    head = b"Exif\0\0MM\0*" + struct.pack(">I", 8)
    first = struct.pack(">H", 0) + struct.pack(">I", 14)
    entry = struct.pack(">HHII", 0x0201, 4, 1, 44) + struct.pack(">HHII", 0x0202, 4, 1, len(small))
    return head + first + struct.pack(">H", 2) + entry + struct.pack(">I", 0) + small


def png_chunk(data: bytes, kind: bytes, body: bytes) -> bytes:
    """Put a chunk before the end of a PNG."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data[:-12] + chunk + data[-12:]


def jpeg_segment(data: bytes, marker: int, body: bytes) -> bytes:
    """Put a segment right behind the start of a JPEG."""
    return data[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body + data[2:]


def with_text(kind: str) -> bytes:
    if kind == "png":
        info = PngInfo()
        info.add_text("Comment", SECRET.decode())
        info.add_itxt("Description", SECRET.decode())
        return drawn(kind, pnginfo=info)
    if kind == "jpg":
        return drawn(kind, comment=SECRET)
    return riff(drawn(kind), b"NOTE", SECRET)


def riff(data: bytes, kind: bytes, body: bytes) -> bytes:
    """Append a chunk to a WebP."""
    chunk = kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return data[:4] + struct.pack("<I", len(data) - 8 + len(chunk)) + data[8:] + chunk


def profile() -> bytes:
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made + SECRET


def application(kind: str) -> bytes:
    """A private block of some program."""
    if kind == "png":
        return png_chunk(drawn(kind), b"prVt", SECRET)
    return (
        jpeg_segment(drawn(kind), 0xED, b"Photoshop 3.0\0" + SECRET)
        if kind == "jpg"
        else riff(drawn(kind), b"prVt", SECRET)
    )


CHANNELS = {
    "EXIF": lambda kind: drawn(kind, exif=exif()),
    "EXIF thumbnail": lambda kind: drawn(kind, exif=thumbnail()),
    "XMP": lambda kind: (
        png_chunk(drawn(kind), b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SECRET)
        if kind == "png"
        else jpeg_segment(drawn(kind), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET)
        if kind == "jpg"
        else drawn(kind, xmp=SECRET)
    ),
    "colour profile": lambda kind: drawn(kind, icc_profile=profile()),
    "text": with_text,
    "a program's own block": application,
    "behind the end": lambda kind: drawn(kind) + SECRET,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_nothing_but_pixels_survives(channel, kind):
    data = CHANNELS[channel](kind)
    with Image.open(io.BytesIO(data)) as image:
        assert SECRET in data + image.info.get("icc_profile", b"")  # PNG holds its profile compressed
    taken = take_picture(f"incidents/x/graph.{kind}", data)
    assert SECRET not in taken.data
    with Image.open(io.BytesIO(taken.data)) as image:
        assert image.size == (64, 48)
        assert not image.getexif()
        assert not {"icc_profile", "xmp", "comment", "exif"} & set(image.info)


def test_saving_a_picture_as_it_is_would_have_kept_them():
    """What the test above guards against: the library's own way keeps a comment."""
    with Image.open(io.BytesIO(CHANNELS["text"]("jpg"))) as image:
        out = io.BytesIO()
        image.save(out, "JPEG")
    assert SECRET in out.getvalue()


def test_the_same_pixels_have_the_same_name_wherever_they_came_from():
    one = take_picture("incidents/a/one.png", drawn("png"))
    other = take_picture("incidents/b/other.png", drawn("png") + b"trailing")
    assert one.file == other.file
    assert one.file != take_picture("incidents/a/one.png", drawn("png", (65, 48))).file


def bomb() -> bytes:
    """A PNG that claims more pixels than it could ever hold."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")):
        start += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return start


def moving() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.svg", b"<svg onload='alert(1)'/>", "E416"),
        ("a.png", bomb(), "E417"),
        ("a.png", drawn("jpg"), "E418"),
        ("a.jpg", drawn("png"), "E418"),
        ("a.png", b"GIF89a" + b"\0" * 40, "E418"),
        ("a.png", drawn("png")[:60], "E418"),
        ("a.png", b"", "E418"),
        ("a.png", moving(), "E418"),
    ],
    ids=["svg", "bomb", "jpeg named png", "png named jpeg", "gif", "cut short", "empty", "moving"],
)
def test_what_is_no_still_picture_is_refused(name, data, code):
    with pytest.raises(PictureRefused) as refused:
        take_picture(f"incidents/x/{name}", data)
    assert refused.value.code == code
    assert PIXEL_LIMIT < 50_000**2


TOLD = TINY[UPDATE].partition("We are")[0] + "See ![the graph](graph.png).\n\n::: internal\nInside ![db-7](inner.png)\n"


@pytest.fixture
def site(tmp_path):
    root = write_site(tmp_path / "site", {UPDATE: TOLD})
    folder = (root / INCIDENT).parent
    (folder / "graph.png").write_bytes(CHANNELS["text"]("png"))
    (folder / "inner.png").write_bytes(drawn("png", (32, 32)))
    (folder / "unused.png").write_bytes(drawn("png", (16, 16)))
    return root


def pictures(root, tree):
    return sorted(name for name in snapshot(root / "dist" / tree) if "picture-" in name)


def test_each_site_holds_just_the_pictures_its_readers_are_shown(site, capsys):
    assert run(capsys, "build", site=site).code == 0
    outside, inside = pictures(site, "public"), pictures(site, "internal")
    assert len(outside) == 1
    assert len(inside) == 2
    assert set(outside) < set(inside)
    everything = b"".join(snapshot(site / "dist").values())
    assert SECRET not in everything
    assert b"graph.png" not in everything
    assert b'alt="the graph"' in everything


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("![x](https://evil.example/x.png)", "E414"),
        ("![x](//evil.example/x.png)", "E414"),
        ("![x](../secret/x.png)", "E415"),
        ("![x](/etc/x.png)", "E415"),
        ("![x](missing.png)", "E415"),
        ("![x](notes.txt)", "E415"),
        ("![x][r]\n\n[r]: data:image/png;base64,AAAA", "E409"),
    ],
)
def test_a_picture_that_is_not_a_file_beside_the_update_is_refused(words, code, tmp_path, capsys):
    root = write_site(tmp_path / "site", {UPDATE: TINY[UPDATE] + f"\n{words}\n"})
    said = run(capsys, "check", site=root)
    assert said.code == 1
    assert code in said.out


def test_where_no_picture_is_shown_its_words_stand():
    told = Passage(markdown="See ![the *graph*](graph.png).", addressed=False)
    assert markup.to_text(told.markdown) == "See (picture: the graph)."
    assert "(picture: the graph)" in markup.to_html(told.markdown)
    assert "<img" not in markup.illustrated(told, "")


@pytest.mark.parametrize(
    "file", ["../../x.png", "https://evil.example/x.png", "picture-0.png", "picture-0123456789abcdef.svg"]
)
def test_the_sanitiser_keeps_no_picture_from_anywhere_else(file):
    picture = Picture(name="a.png", file=file, data=b"", width=1, height=1)
    shown = markup.illustrated(Passage(markdown="![x](a.png)", addressed=False, pictures=(picture,)), "../")
    assert "src=" not in shown
