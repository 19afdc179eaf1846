"""Mails as Chromium draws them. `python -m tests.mails.pictures` draws the kept ones anew: look at them first."""

import base64
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

from service.commands import gallery
from service.kit.settings import Settings
from service.updates import charts, letters, samples
from tests.conftest import CHROMIUM, FLAGS

KEPT = Path(__file__).parent / "kept"
WIDTHS, SCHEMES = (390, 640), ("light", "dark")
# Kept at half the size: enough to see what moved, and small.
SCALE, QUALITY = 0.5, 45


@cache
def _letter(name):
    return letters.render(samples.samples()[name], Settings(secret_key="k" * 43, _env_file=None))


def draw(browser, name, width, scheme):
    """A JPEG of a sample in one width and scheme, in the fonts that come with Headsup."""
    letter = _letter(name)
    html = gallery.shown(letter, dark=scheme == "dark", pictures=True)
    html = html.replace("</head>", f"<style>{_fonts()}</style></head>")
    page = browser.new_page(viewport={"width": width, "height": 200}, device_scale_factor=SCALE)
    try:
        page.set_content(html)
        page.evaluate("document.fonts.ready")
        return page.screenshot(full_page=True, type="jpeg", quality=QUALITY)
    finally:
        page.close()


@cache
def _fonts():
    weights = {"Inter-Regular.ttf": 400, "Inter-SemiBold.ttf": 700}
    faces = (
        f"@font-face {{ font-family: Inter; font-weight: {weights[Path(font).name]}; "
        f"src: url(data:font/ttf;base64,{base64.b64encode(Path(font).read_bytes()).decode()}) }}"
        for font in charts.FONTS
    )
    return "".join(faces)


def kept(name, width, scheme):
    return KEPT / f"{name}-{width}-{scheme}.jpg"


# Both pictures are drawn small, so that the edges of letters do not count; a cell is about a letter wide.
DIFFERENCE = """
async ([one, other]) => {
  const load = async (data) => {
    const image = new Image();
    image.src = "data:image/jpeg;base64," + data;
    await image.decode();
    return image;
  };
  const [first, second] = [await load(one), await load(other)];
  const [width, height] = [Math.round(first.width / 4), Math.round(first.height / 4)];
  const cells = (image) => {
    const canvas = new OffscreenCanvas(width, height);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(image, 0, 0, width, Math.round(image.height / 4));
    return pen.getImageData(0, 0, width, height).data;
  };
  const [here, there] = [cells(first), cells(second)];
  let changed = 0;
  for (let place = 0; place < here.length; place += 4) {
    const far = [0, 1, 2].map((tone) => Math.abs(here[place + tone] - there[place + tone]));
    if (Math.max(...far) > 40) changed += 1;
  }
  return { changed: changed / (width * height), taller: Math.abs(first.height - second.height) / first.height };
}
"""


def difference(page, one, other):
    """The share of the picture that changed, and by what share it became taller or shorter."""
    return page.evaluate(DIFFERENCE, [base64.b64encode(each).decode() for each in (one, other)])


def main():
    KEPT.mkdir(exist_ok=True)
    for old in KEPT.glob("*.jpg"):
        old.unlink()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for name in samples.samples():
            for width in WIDTHS:
                for scheme in SCHEMES:
                    kept(name, width, scheme).write_bytes(draw(browser, name, width, scheme))
        browser.close()


if __name__ == "__main__":
    main()
