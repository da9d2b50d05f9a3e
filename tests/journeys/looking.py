"""A page looked at as everybody might: wide and narrow, light and dark, by keyboard, by eye and by axe; loaded once.

trouble = Looker(page, folder).look("/seats/", "seats")  # words for what is wrong; pictures in the folder

STOREFRONT_JOURNEY_PICTURES=window keeps pictures of the window in all four ways, and =whole of the whole page. axe looks at the
contrast of every new look in both themes, and at a page's structure once: wide and light, or narrow and dark, in turns.
"""

import base64
import json
from pathlib import Path

from axe_playwright_python import base

from tests.journeys.conftest import WANTED

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
# axe's severities that fail a page.
SERIOUS = {"serious", "critical"}
# Everything but contrast, which takes three quarters of axe's time.
OPTIONS = {"resultTypes": ["violations"], "preload": False}
STRUCTURE = json.dumps(OPTIONS | {"rules": {"color-contrast": {"enabled": False}}})
AXE = f"axe.run(document, {STRUCTURE}).then(said => said.violations)"
# Contrast of words whose look has not been met yet in this way of looking: a look is what the element and two around it are.
MARKS = """() => {
  const said = it => it.tagName + it.getAttribute("class") + it.type + it.disabled + it.getAttribute("aria-current") +
    ["kind", "tone", "state", "size"].map(name => it.dataset?.[name]);
  const hash = text => { let sum = 7; for (const c of text) sum = (sum * 31 + c.charCodeAt(0)) | 0; return sum; };
  const hasWords = it => it.matches("input, select, textarea") ||
    [...it.childNodes].some(is => is.nodeType == 3 && is.data.trim());
  window.marked = new Map();
  for (const it of document.body.querySelectorAll("*")) {
    if (!hasWords(it) || it.matches("script, style, noscript, option") || !it.checkVisibility()) continue;
    const mark = hash([it, it.parentElement, it.parentElement.parentElement].map(part => part ? said(part) : "").join());
    if (!marked.has(mark)) marked.set(mark, it);
  }
  return [...marked.keys()];
}"""
CONTRAST = f"""marks => axe.run({{include: marks.map(mark => marked.get(mark))}},
  {json.dumps(OPTIONS | {"runOnly": ["color-contrast"]})}).then(said => said.violations)"""
MET: set[tuple[str, int]] = set()
PICTURE = {"format": "jpeg", "quality": 60, "optimizeForSpeed": True}
SIZE = "({width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight})"
TAB = {"type": "rawKeyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
# The keyboard also stops at what scrolls by itself, and inside of frames.
OTHER_STOPS = 12
# The bar at the window's foot would lie across the middle of a long picture.
UNSTUCK = "document.querySelectorAll('.sandbox').forEach(it => it.style.position = 'static')"

# A public page asks for its header's end once it is there: the keyboard would be on what is replaced that moment.
IS_WHOLE = """() => [...document.querySelectorAll("[hx-trigger=load]")].every(it => it["htmx-internal-data"]?.loaded) &&
  !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")"""

# Notes what the keyboard should reach from `from` on, in order, and what it does reach, until it leaves `within`. A group of
# radio buttons is one stop. Nobody sees the focus where neither the element nor what is around it looks any different.
KEYBOARD = """whole => {
  const within = (!whole && document.querySelector("main")) || document.body;
  const around = it => [it, it.parentElement, it.parentElement?.parentElement, it.nextElementSibling, it.closest("label"),
    ...(it.labels ?? [])].filter(Boolean);
  const look = it => around(it).map(part => { const s = getComputedStyle(part);
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor, s.textDecorationLine,
      s.clipPath, s.transform, s.translate].join() + part.getBoundingClientRect().top; }).join("|");
  const isStop = it => it.tabIndex >= 0 && !it.disabled && !it.closest("[inert]") &&
    it.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true}) &&
    !(it.closest("details:not([open])") && it.tagName != "SUMMARY");
  const groups = new Set();
  const stops = [...within.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter(it => {
    if (!isStop(it)) return false;
    if (it.type != "radio") return true;
    const key = it.form?.action + "/" + it.name;
    const isThere = groups.has(key);
    groups.add(key);
    return !isThere;
  });
  const name = it => it.outerHTML.replace(/\\s+/g, " ").slice(0, 120);
  const key = it => it.type == "radio" ? "radio " + it.form?.action + it.name : it;
  const before = new Map(stops.map(it => [key(it), it.type == "radio" ? null : look(it)]));
  const seen = [], blind = [];
  const note = event => {
    const it = event.target;
    if (!before.has(key(it))) return;
    seen.push(key(it));
    if (before.get(key(it)) === look(it)) blind.push(name(it));
  };
  document.addEventListener("focusin", note);
  document.activeElement?.blur();
  if (whole) window.getSelection().setPosition(document.body, 0);
  else within.focus({preventScroll: true});
  window.lookedFor = () => stops.filter(it => !seen.includes(key(it))).length;
  window.lookedAt = () => {
    document.removeEventListener("focusin", note);
    const wanted = stops.map(key);
    const missed = stops.filter(it => !seen.includes(key(it))).map(name);
    const reached = wanted.filter(it => seen.includes(it));
    const first = seen.filter((it, place) => seen.indexOf(it) == place);
    const strayed = reached.find((it, place) => first[place] !== it);
    return {missed, blind, strayed: strayed ? String(strayed.outerHTML ?? strayed).slice(0, 120) : ""};
  };
  return stops.length;
}"""
ADMIN_THEME = "dark => location.pathname.startsWith('/admin/') && document.documentElement.classList.toggle('dark', dark)"
HEADINGS = "[...document.querySelectorAll('h1')].filter(it => it.checkVisibility()).map(it => it.innerText.trim())"
TOO_WIDE = """() => {
  const page = document.documentElement, room = page.clientWidth;
  if (page.scrollWidth <= room) return "";
  const out = [...document.querySelectorAll("body *")].filter(it => it.getBoundingClientRect().right > room + 1);
  return `${page.scrollWidth} px: ` + out.slice(-3).map(it => it.outerHTML.slice(0, 100)).join(" … ");
}"""
# Words that a box cuts off without saying so.
CUT = """() => [...document.querySelectorAll("main *")].filter(it => {
  const style = getComputedStyle(it);
  return it.children.length == 0 && it.textContent.trim() && it.clientWidth > 1 && style.overflowX == "hidden" &&
    style.textOverflow != "ellipsis" && it.scrollWidth > it.clientWidth + 1;
}).map(it => it.outerHTML.slice(0, 120))"""


class Looker:
    """One person's window, and where its pictures go."""

    def __init__(self, page, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.devtools = page.context.new_cdp_session(page)
        self.has_seen_frame = False
        self.pages = 0
        page.add_init_script(base.AXE_SCRIPT)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.set_viewport_size(WIDE)

    def look(self, address, name):
        """Load a page and look at it: what is wrong with it, in words."""
        answer = self.page.goto(address, wait_until="load")
        if not self.page.evaluate(IS_WHOLE):
            self.page.wait_for_function(IS_WHOLE)
        trouble = [f"{name}: {what}" for what in self._in_every_way(name)]
        if answer is not None and answer.status >= 500:
            trouble.append(f"{name}: answered {answer.status}")
        return trouble

    def _in_every_way(self, name):
        page = self.page
        is_first, self.has_seen_frame = not self.has_seen_frame, True
        self.pages += 1
        yield from self._headings()
        yield from self._keyboard(is_first)
        page.evaluate(UNSTUCK)
        self._picture(name, "1280-light")
        yield from self._axe("1280-light", is_whole=self.pages % 2 == 1)
        self._turn("dark")
        self._picture(name, "1280-dark")
        page.set_viewport_size(NARROW)
        yield from self._narrow()
        self._picture(name, "390-dark")
        yield from self._axe("390-dark", is_whole=self.pages % 2 == 0)
        self._turn("light")
        self._picture(name, "390-light")
        page.set_viewport_size(WIDE)

    def _turn(self, theme):
        """Into the dark or back. The admin asks for the reader's theme once, while it loads."""
        self.page.emulate_media(color_scheme=theme)
        self.page.evaluate(ADMIN_THEME, theme == "dark")

    def _picture(self, name, state):
        """Of the window, or of the whole page. By the browser's own protocol: Playwright's waiting would take as long again."""
        if not WANTED:
            return
        whole = {}
        if WANTED == "whole":
            whole = {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "scale": 1, **self.page.evaluate(SIZE)}}
        taken = self.devtools.send("Page.captureScreenshot", PICTURE | whole)
        (self.folder / f"{name}-{state}.jpg").write_bytes(base64.b64decode(taken["data"]))

    def _axe(self, state, *, is_whole):
        new = [mark for mark in self.page.evaluate(MARKS) if (state, mark) not in MET]
        MET.update((state, mark) for mark in new)
        contrast = self.page.evaluate(CONTRAST, new) if new else []
        for found in [*(self.page.evaluate(AXE) if is_whole else []), *contrast]:
            if found["impact"] in SERIOUS:
                where = "; ".join(f"{node['target']} {node['html'][:100]}" for node in found["nodes"][:3])
                yield f"{state}: axe {found['id']}: {where}"

    def _headings(self):
        found = self.page.evaluate(HEADINGS)
        if len(found) != 1 or not found[0]:
            yield f"its first heading is {found}, not one"

    def _narrow(self):
        if found := self.page.evaluate(TOO_WIDE):
            yield f"scrolls sideways at 390: {found}"
        if found := self.page.evaluate(CUT):
            yield f"cuts words off: {found}"

    def _keyboard(self, is_first):
        """Tab through the page; what is around every page, once."""
        stops = self.page.evaluate(KEYBOARD, is_first)
        for pressed in range(stops + OTHER_STOPS):
            if pressed >= stops and not self.page.evaluate("lookedFor()"):
                break
            self.devtools.send("Input.dispatchKeyEvent", TAB)
        found = self.page.evaluate("lookedAt()")
        if found["missed"]:
            yield f"the keyboard does not reach {found['missed']}"
        if found["blind"]:
            yield f"nobody sees the focus on {found['blind']}"
        if found["strayed"]:
            yield f"the keyboard goes out of order at {found['strayed']}"
        self.page.evaluate("document.activeElement?.blur(), scrollTo(0, 0)")
